/**
 * Who answers the questions.
 *
 * A pool row is answered with its true label, or with a wrong one at a chosen rate of noise. A synthesised
 * image has no true label: a reference classifier trained on all true training labels stands in for the
 * person, and abstains where it is unsure or where it reads a class that is not part of the experiment. It
 * never saw the test split, so its accuracy there says how far its word can be trusted.
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

export interface OracleOptions {
  /** True labels of the training split, by pool row. Held here and shown to nobody else. */
  readonly truth: Uint8Array;
  readonly classes: number;
  /** Share of pool answers replaced by another class, uniformly, in [0, 1). */
  readonly noise: number;
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

  /** Answers pool rows, in their order; never abstains. */
  answerRows(rows: readonly PoolIndex[]): Answer[] {
    const { truth, classes, noise, stream } = this.#options;
    return rows.map((row) => {
      const label = truth[row];
      if (label === undefined) {
        throw new RangeError(`Oracle.answerRows.rows: expected rows in [0, ${truth.length}), got ${row}`);
      }
      const draw = stream.of('noise', row);
      const wrong = draw.uniform() < noise;
      return { label: wrong ? (label + 1 + draw.integer(classes - 1)) % classes : label, confidence: 1 };
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
    return readImages(reference, images, minConfidence);
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
