/**
 * Rules that say when to stop buying. Each is asked once a round, after the training, and recorded whether or not it may
 * act. They see predictions for unlabelled images and what was paid: no label, hidden or bought, and no test image.
 *
 * - `kappa`: Cohen's kappa between the classes that this round's and the last round's model predict for a fixed set of
 *   images; stop when its mean over the last `window` rounds is above `threshold`.
 * - `uncertainty`: the largest or the mean entropy of the candidates; stop when it is below `threshold`.
 * - `cannot-tell-apart`: the area under the ROC curve by which a strategy's discriminator told labelled from unlabelled images
 *   when it chose; stop when its mean over the last `window` rounds is within `tolerance` of 1/2. Strategies without a
 *   discriminator are never stopped by it.
 * - `budget`: what was paid; stop when it is `cost` or more.
 *
 * Source: Bloodgood and Vijay-Shanker 2009, "A method for stopping active learning based on stabilizing predictions and the
 * need for user-adjustable stopping" (kappa); Zhu, Wang and Hovy 2008, "Multi-criteria-based strategy to stop active
 * learning for data annotation" (uncertainty).
 * Differs: images of the stop set stay in the pool and may be bought, so that watching changes nothing of what is watched;
 * they stay in the set then, without their labels.
 */
import { entropies, predictedClasses, scoreImages } from '../classifiers/predict.ts';
import type { Stream } from '../random.ts';
import type { PoolIndex } from '../shapes.ts';
import { cohenKappa } from './cohen-kappa.ts';
import type { RoundRecord } from './round-record.ts';
import { poolProbabilities } from './score-pool.ts';
import type { StoppingRule } from './stopping-config.ts';
import type { Diagnostics, PoolView } from './strategy.ts';
import type { TaskModel } from './task-model/task-model.ts';

export type StoppingKind = StoppingRule['kind'];

/** What a rule says of a round. */
export interface StoppingRecord {
  readonly kind: StoppingKind;
  /** Kappa, entropy in nats, area or what was paid; null where there is none, as kappa in round 0. */
  readonly value: number | null;
  /** What is held against the threshold: the mean over the window of kappa and of areas, else the value; null where there is none yet. */
  readonly decidedBy: number | null;
  /** Whether the rule says stop. */
  readonly met: boolean;
}

/** What the rules are asked about. */
export interface StoppingRound {
  /** The model trained in this round. */
  readonly classifier: TaskModel;
  /** After what the round bought was taken out. */
  readonly pool: PoolView;
  /** What the strategy told of its choice; of the initial set nothing. */
  readonly diagnostics: Diagnostics;
  /** What was paid so far, in labels where answers have no prices. */
  readonly paid: number;
}

/** The rules of one cell. */
export class StoppingRules {
  readonly #rules: readonly StoppingRule[];
  /** Of each rule of kind kappa its images; null of others. */
  readonly #sets: readonly (readonly PoolIndex[] | null)[];
  #predicted: readonly (Uint8Array | null)[] = [];
  readonly #history: (readonly StoppingRecord[])[] = [];

  /**
   * @param unlabelled rows of the pool that are not in the initial set
   * @param stream draws the stop sets
   */
  constructor(rules: readonly StoppingRule[], unlabelled: readonly PoolIndex[], stream: Stream) {
    this.#rules = rules;
    this.#sets = rules.map((rule, position) =>
      rule.kind === 'kappa'
        ? stream.of('stop-set', position).choose(unlabelled, Math.min(rule.size, unlabelled.length))
        : null,
    );
  }

  /** Takes finished rounds as if it had been asked about them, the last of which trained `classifier`. */
  async resume(
    finished: readonly RoundRecord[],
    { classifier, pool }: Pick<StoppingRound, 'classifier' | 'pool'>,
  ): Promise<void> {
    for (const { stopping } of finished) this.#history.push(stopping ?? []);
    this.#predicted = await this.#predict(classifier, pool);
  }

  /** What the rules say of the next round, in their order. */
  async ask(round: StoppingRound): Promise<StoppingRecord[]> {
    const predicted = await this.#predict(round.classifier, round.pool);
    const records: StoppingRecord[] = [];
    for (const [position, rule] of this.#rules.entries()) {
      if (rule.kind === 'kappa') {
        const [before, now] = [this.#predicted[position], predicted[position]];
        const kappa = before && now ? cohenKappa(before, now) : null;
        const decidedBy = this.#meanWith(kappa, position, rule.window);
        records.push(said(rule.kind, kappa, decidedBy, decidedBy !== null && decidedBy > rule.threshold));
      } else if (rule.kind === 'uncertainty') {
        const entropy = await entropyOf(round, rule.of);
        records.push(said(rule.kind, entropy, entropy, entropy !== null && entropy < rule.threshold));
      } else if (rule.kind === 'cannot-tell-apart') {
        const { discriminatorAuc: area } = round.diagnostics;
        const value = typeof area === 'number' ? area : null;
        const decidedBy = this.#meanWith(value, position, rule.window);
        const isChance = decidedBy !== null && Math.abs(decidedBy - 0.5) <= rule.tolerance;
        records.push(said(rule.kind, value, decidedBy, isChance));
      } else {
        records.push(said(rule.kind, round.paid, round.paid, round.paid >= rule.cost));
      }
    }
    this.#predicted = predicted;
    this.#history.push(records);
    return records;
  }

  /** The first rule that says stop and may; undefined if none does. */
  acting(records: readonly StoppingRecord[]): StoppingKind | undefined {
    return this.#rules.find(({ act }, position) => act && records[position]?.met)?.kind;
  }

  /** Mean of a rule's last `window` values, this one included; null if there are fewer. */
  #meanWith(value: number | null, position: number, window: number): number | null {
    const before = this.#history.map((records) => records[position]?.value ?? null);
    const last = [...before, value].slice(-window);
    const values = last.flatMap((one) => one ?? []);
    return values.length < window ? null : values.reduce((sum, one) => sum + one, 0) / window;
  }

  async #predict(classifier: TaskModel, pool: PoolView): Promise<(Uint8Array | null)[]> {
    const predicted: (Uint8Array | null)[] = [];
    for (const rows of this.#sets) {
      predicted.push(
        rows === null || rows.length === 0
          ? null
          : predictedClasses(await scoreImages(classifier, pool.bytes(rows)), classifier.classes),
      );
    }
    return predicted;
  }
}

/** Largest or mean entropy of the candidates in nats; null if there are none. */
async function entropyOf(
  { classifier, pool }: StoppingRound,
  of: 'largest' | 'mean',
): Promise<number | null> {
  if (pool.candidates.length === 0) return null;
  const entropy = entropies(await poolProbabilities(classifier, pool), classifier.classes);
  if (of === 'largest') return entropy.reduce((largest, value) => Math.max(largest, value), 0);
  return entropy.reduce((sum, value) => sum + value, 0) / entropy.length;
}

function said(
  kind: StoppingKind,
  value: number | null,
  decidedBy: number | null,
  met: boolean,
): StoppingRecord {
  return { kind, value, decidedBy, met };
}
