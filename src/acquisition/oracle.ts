/**
 * Who answers the questions.
 *
 * A pool row is answered with its true label, or with a wrong one at a chosen rate of noise, or not at all. A
 * synthesised image has no true label: a reference classifier trained on all true training labels stands in for
 * the person, and abstains where it is unsure or where it reads a class that is not part of the experiment. It
 * never saw the test split, so its accuracy there says how far its word can be trusted.
 *
 * An answer may have a price. Noise, abstention and price of a pool row are drawn from the row's own streams or
 * follow from its true class, so every strategy is told the same about the same row, in whatever order it asks.
 */
import type { Classifier } from '../classifiers/classifier.ts';
import { probabilities, scoreImages } from '../classifiers/predict.ts';
import type { Stream } from '../random.ts';
import type { PoolIndex } from '../shapes.ts';
import type { Answer } from './round-record.ts';

/** A classifier that reads synthesised images for the oracle. */
export interface ReferenceClassifier {
  readonly classifier: Classifier;
  /** For each class of the reference, its class in the experiment, or null if it is not part of it. */
  readonly experimentClass: readonly (number | null)[];
}

/** What answers cost, in any unit. */
export interface Prices {
  /** `[classes]`, each above 0: of a pool row by its true class, of a synthesised image by the class read in it. */
  readonly perClass: readonly number[];
  /** Of a query that is not answered, 0 or more. */
  readonly abstention: number;
}

export interface OracleOptions {
  /** True labels of the training split, by pool row. Held here and shown to nobody else. */
  readonly truth: Uint8Array;
  readonly classes: number;
  /** Share of pool answers replaced by another class, uniformly, in [0, 1). */
  readonly noise: number;
  /** `[classes][classes]`, rows that sum to 1: chance of each answer (column) about a pool row of a class (row). In place of `noise`. */
  readonly confusion?: readonly (readonly number[])[] | undefined;
  /** `[classes]`: chance that a pool row of the class is not answered, in [0, 1]. None if left out. */
  readonly abstain?: readonly number[] | undefined;
  /** If left out, answers carry no cost. */
  readonly prices?: Prices | undefined;
  /** Below this softmax probability of its best class the reference abstains, in [0, 1]. */
  readonly minConfidence: number;
  /** Noise is drawn a row, so every strategy is told the same about the same row. */
  readonly stream: Stream;
  readonly reference?: ReferenceClassifier;
}

/** Holds the true labels and gives them out one answer at a time. It keeps no count; the loop charges. */
export class Oracle {
  readonly #options: OracleOptions;

  constructor(options: OracleOptions) {
    this.#options = options;
  }

  /** What its answers cost; undefined if they carry no cost. */
  get prices(): Prices | undefined {
    return this.#options.prices;
  }

  /** Answers pool rows, in their order; an abstention has label null and confidence 0. */
  answerRows(rows: readonly PoolIndex[]): Answer[] {
    const { truth, abstain, stream } = this.#options;
    return rows.map((row) => {
      const label = truth[row];
      if (label === undefined) {
        throw new RangeError(`Oracle.answerRows.rows: expected rows in [0, ${truth.length}), got ${row}`);
      }
      const chance = abstain?.[label] ?? 0;
      const abstains = chance > 0 && stream.of('abstain', row).uniform() < chance;
      const answer = abstains ? null : this.#answerOf(label, stream.of('noise', row));
      return this.#priced({ label: answer, confidence: abstains ? 0 : 1 }, abstains ? null : label);
    });
  }

  /** Whether it has a reference classifier, and so can answer synthesised images. */
  get canRead(): boolean {
    return this.#options.reference !== undefined;
  }

  /**
   * Answers synthesised images, bytes `[n, height, width, channels]`, in their order. `confidence` is the
   * reference's softmax probability of the class it reads, whether or not it then abstains.
   */
  async answerImages(images: Uint8Array): Promise<Answer[]> {
    const { reference, minConfidence } = this.#options;
    if (reference === undefined) {
      throw new Error(
        'Oracle.answerImages: expected a reference classifier for synthesised images, got none',
      );
    }
    const answers = await readImages(reference, images, minConfidence);
    return answers.map((answer) => this.#priced(answer, answer.label));
  }

  /** What is said about a row of class `label`, drawn from the row's own stream. */
  #answerOf(label: number, draw: Stream): number {
    const { classes, noise, confusion } = this.#options;
    if (confusion === undefined) {
      return draw.uniform() < noise ? (label + 1 + draw.integer(classes - 1)) % classes : label;
    }
    const chances = confusion[label] as readonly number[];
    let left = draw.uniform();
    const answer = chances.findIndex((chance) => {
      left -= chance;
      return left < 0;
    });
    // Sums of rounded chances may end just below the draw.
    return answer < 0 ? chances.findLastIndex((chance) => chance > 0) : answer;
  }

  #priced(answer: Answer, pricedAs: number | null): Answer {
    const { prices } = this.#options;
    if (prices === undefined) return answer;
    return {
      ...answer,
      cost: pricedAs === null ? prices.abstention : (prices.perClass[pricedAs] as number),
    };
  }
}

/** The reference's answers to any images; abstentions have label null. */
export async function readImages(
  { classifier, experimentClass }: ReferenceClassifier,
  images: Uint8Array,
  minConfidence: number,
): Promise<Answer[]> {
  const probs = probabilities(await scoreImages(classifier, images), classifier.classes);
  const answers: Answer[] = [];
  for (let start = 0; start < probs.length; start += classifier.classes) {
    const row = probs.subarray(start, start + classifier.classes);
    const confidence = row.reduce((best, prob) => Math.max(best, prob), 0);
    const label = experimentClass[row.indexOf(confidence)] ?? null;
    answers.push({ label: confidence >= minConfidence ? label : null, confidence });
  }
  return answers;
}
