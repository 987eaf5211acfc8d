/**
 * The batch norms of a network: by the batch in training, by the running statistics in use. The layer itself is in
 * `src/backend/batch-norm.ts`.
 */
import type * as tf from '@tensorflow/tfjs';
import {
  batchNormInference,
  batchNormTraining,
  type Moments,
  moveRunning,
} from '../src/backend/batch-norm.ts';
import { type Network, variableOf } from './network.ts';

/**
 * How batch norms normalise: by the batch, or by the running statistics. A batch's moments go into `record`, by
 * layer; they outlive any `tidy`, and whoever owns the record disposes them.
 */
export type NormMode =
  | { readonly by: 'batch'; readonly record?: Map<string, Moments> }
  | { readonly by: 'running' };

/**
 * The batch norm named `layer` of a network, by the batch or by the running statistics.
 *
 * @param maps `[n, height, width, channels]`
 * @returns the same shape; the caller disposes it
 * @throws RangeError if the network has no such layer
 */
export function batchNorm(
  { weights, statistics }: Network,
  layer: string,
  maps: tf.Tensor4D,
  mode: NormMode,
): tf.Tensor4D {
  const gamma = variableOf<tf.Tensor1D>(weights, `${layer}/gamma`);
  const beta = variableOf<tf.Tensor1D>(weights, `${layer}/beta`);
  if (mode.by === 'batch') {
    const { record } = mode;
    return batchNormTraining(maps, gamma, beta, record && ((moments) => record.set(layer, moments)));
  }
  const mean = variableOf<tf.Tensor1D>(statistics, `${layer}/mean`);
  return batchNormInference(maps, gamma, beta, {
    mean,
    variance: variableOf(statistics, `${layer}/variance`),
  });
}

/** Adds the shapes of a batch norm of that layer, `[channels]` each, to a network's weights and statistics. */
export function addNorm(
  layer: string,
  channels: number,
  weights: Record<string, readonly number[]>,
  statistics: Record<string, readonly number[]>,
): void {
  weights[`${layer}/gamma`] = [channels];
  weights[`${layer}/beta`] = [channels];
  statistics[`${layer}/mean`] = [channels];
  statistics[`${layer}/variance`] = [channels];
}

/** Moments of one pass in each batch norm of a network, by layer. */
export type MomentRecord = Map<string, Moments>;

/**
 * Moves the running statistics of every layer towards the batches', and frees the batches' moments: `moveRunning`.
 *
 * @param records of passes of this network by the batch, one or more
 */
export function moveStatistics({ statistics }: Network, ...records: readonly MomentRecord[]): void {
  moveRunning(statistics, records);
}
