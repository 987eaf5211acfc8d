/**
 * Discriminative active learning: the candidates that a classifier can tell best from the labelled images, on the task
 * model's features.
 *
 *     repeat for each part of the batch
 *         train D(h(x)) to tell labelled from unlabelled, from scratch; those taken already count as labelled
 *         take the candidates of smallest D
 *
 * VAAL without an autoencoder: where VAAL looks at codes that know nothing of the task, this looks at the task model's own.
 *
 * Source: Gissin and Shalev-Shwartz 2019, "Discriminative Active Learning", arXiv:1907.06347, Algorithm 1.
 * Reference code: dsgissin/DiscriminativeActiveLearning `query_methods.py`.
 * Differs: a fixed number of updates of as many labelled as unlabelled images, not epochs of the whole pool until 98 % are
 * told apart; features are standardised.
 */
import * as tf from '@tensorflow/tfjs';
import { createNetwork, disposeNetwork, type Network } from '../generators/network.ts';
import { lowest } from '../src/acquisition/ranking.ts';
import { poolFeatures } from '../src/acquisition/score-pool.ts';
import type { Strategy } from '../src/acquisition/strategy.ts';
import { Adam } from '../src/backend/adam.ts';
import { graphStep } from '../src/backend/graph-step.ts';
import { featuresOfImages } from '../src/classifiers/predict.ts';
import { gatherRows } from '../src/gather-rows.ts';
import type { Stream } from '../src/random.ts';
import { candidateRow, toPoolIndex } from '../src/shapes.ts';
import type { DiscriminativeConfig } from './discriminative-config.ts';
import {
  discriminateCodes,
  discriminatorLoss,
  discriminatorShapes,
  discriminatorValues,
} from './discriminator.ts';
import { endlessBatches } from './image-rows.ts';
import { settleLosses } from './round-model.ts';

/** Features of labelled images and candidates, `size` numbers a row. */
export interface TwoPools {
  readonly labelled: Float32Array;
  readonly unlabelled: Float32Array;
  readonly size: number;
}

/**
 * `count` different rows of `unlabelled`, part by part; of equal scores the first in an order drawn from `stream`.
 *
 * Memory: a copy of the features. Streams: `part`, i, and below it `weights`, `labelled`, `unlabelled`, `ties`.
 *
 * @returns the rows, and the logits of "labelled" that each had when it was taken
 */
export async function leastLabelled(
  pools: TwoPools,
  count: number,
  options: DiscriminativeConfig,
  stream: Stream,
): Promise<{ readonly rows: number[]; readonly logits: number[] }> {
  const { size } = pools;
  const table = standardised(pools);
  const labels = pools.labelled.length / size;
  const known = Array.from({ length: labels }, (_, row) => row);
  let unknown = Array.from({ length: pools.unlabelled.length / size }, (_, row) => labels + row);
  const logits: number[] = [];
  for (let part = 0; logits.length < count; part++) {
    const wanted = Math.min(Math.ceil(count / options.subBatches), count - logits.length);
    const own = stream.of('part', part);
    const scores = await scoreUnknown(table, size, { known, unknown }, options, own);
    const picked = lowest(scores, wanted, own.of('ties'));
    known.push(...picked.map((at) => unknown[at] as number));
    logits.push(...picked.map((at) => scores[at] as number));
    const taken = new Set(known);
    unknown = unknown.filter((row) => !taken.has(row));
  }
  return { rows: known.slice(labels).map((row) => row - labels), logits };
}

/**
 * A strategy that takes {@link leastLabelled} candidates. Diagnostics: `meanLabelledLogitSelected`, their mean logit of
 * "labelled" when they were taken.
 */
export function createDiscriminative(options: DiscriminativeConfig): Strategy {
  return {
    select: async ({ pool, batch, classifier, labelled, stream }) => {
      const unlabelled = await poolFeatures(classifier, pool);
      const size = unlabelled.length / pool.candidates.length;
      const pools = { labelled: await featuresOfImages(classifier, labelled.images), unlabelled, size };
      const { rows, logits } = await leastLabelled(pools, batch, options, stream);
      return {
        kind: 'pool',
        rows: rows.map((row) => toPoolIndex(pool.candidates, candidateRow(row))),
        diagnostics: { meanLabelledLogitSelected: logits.reduce((sum, logit) => sum + logit, 0) / batch },
      };
    },
  };
}

/** Both pools in one table, each column with mean 0 and deviation 1 over both; a column that does not vary is 0. */
function standardised({ labelled, unlabelled, size }: TwoPools): Float32Array {
  const table = new Float32Array(labelled.length + unlabelled.length);
  table.set(labelled);
  table.set(unlabelled, labelled.length);
  const n = table.length / size;
  for (let axis = 0; axis < size; axis++) {
    let sum = 0;
    for (let at = axis; at < table.length; at += size) sum += table[at] as number;
    const mean = sum / n;
    let squares = 0;
    for (let at = axis; at < table.length; at += size) squares += ((table[at] as number) - mean) ** 2;
    const scale = squares > 0 ? Math.sqrt(n / squares) : 0;
    for (let at = axis; at < table.length; at += size) table[at] = ((table[at] as number) - mean) * scale;
  }
  return table;
}

/** Logits of "labelled" of all unknown rows, by a discriminator trained on both kinds. */
async function scoreUnknown(
  table: Float32Array,
  size: number,
  { known, unknown }: { readonly known: readonly number[]; readonly unknown: readonly number[] },
  { hidden, steps, batch, learningRate }: DiscriminativeConfig,
  stream: Stream,
): Promise<Float32Array> {
  const network = createNetwork(discriminatorShapes(size, hidden), stream.of('weights'), discriminatorValues);
  const adam = new Adam(network.weights, { learningRate });
  const update = graphStep((codes: Codes) => ({ loss: updateDiscriminator(network, adam, codes) }));
  try {
    const labelled = endlessBatches(known, batch, stream.of('labelled'));
    const unlabelled = endlessBatches(unknown, batch, stream.of('unlabelled'));
    for (let step = 1; step <= steps; step++) {
      const codes = {
        labelled: rowsOf(table, size, labelled(step - 1)),
        unlabelled: rowsOf(table, size, unlabelled(step - 1)),
      };
      const losses = update(codes);
      tf.dispose(codes);
      await settleLosses(losses, { name: 'discriminative', step, steps });
    }
    return await logitsOf(network, table, size, unknown);
  } finally {
    update.dispose();
    adam.dispose();
    disposeNetwork(network);
  }
}

type Codes = { readonly labelled: tf.Tensor2D; readonly unlabelled: tf.Tensor2D };

function updateDiscriminator(network: Network, adam: Adam, { labelled, unlabelled }: Codes): tf.Scalar {
  return tf.tidy(() => {
    const { value, grads } = tf.variableGrads(
      () => discriminatorLoss(discriminateCodes(network, labelled), discriminateCodes(network, unlabelled)),
      Object.values(network.weights),
    );
    adam.apply(grads);
    return value;
  });
}

/** Rows scored at a time. */
const BLOCK = 4096;

async function logitsOf(
  network: Network,
  table: Float32Array,
  size: number,
  rows: readonly number[],
): Promise<Float32Array> {
  const logits = new Float32Array(rows.length);
  for (let start = 0; start < rows.length; start += BLOCK) {
    const codes = rowsOf(table, size, rows.slice(start, start + BLOCK));
    const block = discriminateCodes(network, codes);
    logits.set(await block.data(), start);
    tf.dispose([codes, block]);
  }
  return logits;
}

function rowsOf(table: Float32Array, size: number, rows: readonly number[]): tf.Tensor2D {
  return tf.tensor2d(gatherRows(table, size, rows), [rows.length, size]);
}
