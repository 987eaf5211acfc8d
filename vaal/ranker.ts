/**
 * A ranker: which of two images would cost the task model more, learned from the labelled ones.
 *
 * Source: Kim et al. 2021, "Task-Aware Variational Adversarial Active Learning", section 3.2: the loss predictor of Yoo and
 * Kweon 2019, "Learning Loss for Active Learning", trained to rank in place of to predict.
 * Reference code: cubeyoung/TA-VAAL.
 * Differs: one hidden layer on the inputs of the task model's last layer, trained after the task model and not with it, as
 * all strategies share one training of the task model; the two of a pair are drawn independently, and ties count half.
 *
 *     loss = mean over pairs (i, j) of BCE(sigmoid(s_i - s_j), L_i > L_j),    L the task model's cross-entropy
 */
import * as tf from '@tensorflow/tfjs';
import { affine, denseShapes } from '../generators/mlp-layers.ts';
import { createNetwork, disposeNetwork, type Network } from '../generators/network.ts';
import { Adam } from '../src/backend/adam.ts';
import { graphStep } from '../src/backend/graph-step.ts';
import { gatherRows } from '../src/gather-rows.ts';
import type { Stream } from '../src/random.ts';
import { discriminatorValues } from './discriminator.ts';
import { endlessBatches } from './image-rows.ts';
import { settleLosses } from './round-model.ts';

/** How a ranker is trained. */
export interface RankerOptions {
  /** Units of its hidden layer. */
  readonly units: number;
  readonly steps: number;
  /** Pairs a step. */
  readonly batch: number;
  readonly learningRate: number;
  /** `logistic` if left out. */
  readonly loss?: PairLossName;
}

/** What it is trained on, row by row. */
export interface RankedFeatures {
  /** `[n, size]` */
  readonly features: Float32Array;
  readonly size: number;
  /** `[n]`: what the task model's mistake costs, in nats. */
  readonly losses: Float32Array;
}

/** Losses of pairs: the difference of the scores, and whether the first costs more: 1 or 0, and 1/2 where both cost the same. */
type PairLoss = (differences: tf.Tensor1D, firstCostsMore: tf.Tensor1D) => tf.Scalar;

/**
 * Mean cross-entropy in nats of "the first costs more" over pairs; ln 2 by chance. The caller disposes it.
 *
 * @param differences scores of the first minus those of the second, `[pairs]`
 * @param firstCostsMore 1 or 0, and 1/2 where both cost the same, `[pairs]`
 */
export const rankingLoss: PairLoss = (differences, firstCostsMore) =>
  tf.tidy(() => tf.mean(tf.sub(tf.softplus(differences), tf.mul(firstCostsMore, differences))));

/**
 * `mean max(0, 1 - s (l_i - l_j))` over pairs, `s` 1 where the first costs more and -1 where the second does; pairs that cost
 * the same add nothing. The caller disposes it. Yoo and Kweon 2019, equation 2, margin 1.
 *
 * @param differences `l_i - l_j`, `[pairs]`
 * @param firstCostsMore as {@link rankingLoss} has it
 */
export const marginLoss: PairLoss = (differences, firstCostsMore) =>
  tf.tidy(() => {
    const sides = tf.sub(tf.mul(firstCostsMore, 2), 1);
    return tf.mean(tf.mul(tf.abs(sides), tf.relu(tf.sub(1, tf.mul(sides, differences)))));
  });

const PAIR_LOSSES = { logistic: rankingLoss, margin: marginLoss } as const;

export type PairLossName = keyof typeof PAIR_LOSSES;

/** A trained ranker. */
export interface Ranker {
  /** `[m]` of features `[m, size]`: the higher, the more a row is expected to cost. Differences alone have a meaning. */
  score(features: Float32Array): Promise<Float32Array>;
  dispose(): void;
}

/**
 * Trains a ranker from scratch.
 *
 * @param stream everything random comes from streams below it: `weights`, `first` and `second` (orders of the pairs)
 * @returns a ranker the caller disposes
 */
export async function trainRanker(
  rows: RankedFeatures,
  options: RankerOptions,
  stream: Stream,
): Promise<Ranker> {
  const { size } = rows;
  const network = createNetwork(
    {
      weights: { ...denseShapes('hidden0', size, options.units), ...denseShapes('score', options.units, 1) },
      statistics: {},
    },
    stream.of('weights'),
    discriminatorValues,
  );
  try {
    await runSteps(network, rows, options, stream);
  } catch (error) {
    disposeNetwork(network);
    throw error;
  }
  return {
    score: async (features) => {
      const scores = tf.tidy(() => scoresOf(network, tf.tensor2d(features, [features.length / size, size])));
      try {
        return Float32Array.from(await scores.data<'float32'>());
      } finally {
        scores.dispose();
      }
    },
    dispose: () => disposeNetwork(network),
  };
}

async function runSteps(
  network: Network,
  { features, size, losses }: RankedFeatures,
  { steps, batch, learningRate, loss = 'logistic' }: RankerOptions,
  stream: Stream,
): Promise<void> {
  const adam = new Adam(network.weights, { learningRate });
  const lossOf = PAIR_LOSSES[loss];
  const update = graphStep((pairs: Pairs) => ({ loss: rankerUpdate(network, adam, pairs, lossOf) }));
  const every = Array.from(losses, (_, row) => row);
  const firsts = endlessBatches(every, batch, stream.of('first'));
  const seconds = endlessBatches(every, batch, stream.of('second'));
  const rowsOf = (rows: readonly number[]) =>
    tf.tensor2d(gatherRows(features, size, rows), [rows.length, size]);
  try {
    for (let step = 1; step <= steps; step++) {
      const [first, second] = [firsts(step - 1), seconds(step - 1)];
      const costsMore = first.map((row, i) => {
        const more = (losses[row] as number) - (losses[second[i] as number] as number);
        return (Math.sign(more) + 1) / 2;
      });
      const pairs = { first: rowsOf(first), second: rowsOf(second), costsMore: tf.tensor1d(costsMore) };
      const taken = update(pairs);
      tf.dispose(pairs);
      await settleLosses(taken, { name: 'trainRanker', step, steps });
    }
  } finally {
    update.dispose();
    adam.dispose();
  }
}

type Pairs = { readonly first: tf.Tensor2D; readonly second: tf.Tensor2D; readonly costsMore: tf.Tensor1D };

function rankerUpdate(
  network: Network,
  adam: Adam,
  { first, second, costsMore }: Pairs,
  lossOf: PairLoss,
): tf.Scalar {
  return tf.tidy(() => {
    const { value, grads } = tf.variableGrads(() => {
      const differences = tf.sub(scoresOf(network, first), scoresOf(network, second)) as tf.Tensor1D;
      return lossOf(differences, costsMore);
    }, Object.values(network.weights));
    // A bias of the score drops out of every difference, and has no gradient but 0.
    adam.apply(grads);
    return value;
  });
}

function scoresOf({ weights }: Network, features: tf.Tensor2D): tf.Tensor1D {
  const units = tf.relu(affine(weights, 'hidden0', features));
  return tf.reshape(affine(weights, 'score', units), [features.shape[0]]);
}
