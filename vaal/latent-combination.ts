/**
 * Informativeness, representativeness and diversity in the latents of M2, added up.
 *
 *     score(x) = w_i I(x) + w_r R(x) + w_d D(x)
 *     I(x)     = entropy of q(y|x)
 *     R(x)     = mean over references v of exp(-|z(x) - z(v)|^2 / (2 width^2)),  width the median distance between references
 *     D(x)     = min over images c that are labelled or taken of |z(x) - z(c)|
 *     take argmax_x score(x), and so on until the batch is full
 *
 * `I` and `R` are brought to [0, 1] by their least and largest value among the candidates, `D` by its largest before the batch.
 *
 * Source: Tonnaer 2017, "Active Learning in VAE Latent Space": three such criteria in a latent space, combined linearly.
 */
import * as tf from '@tensorflow/tfjs';
import { bringNearer, nearestSquared } from '../src/acquisition/nearest-centre.ts';
import type { Strategy } from '../src/acquisition/strategy.ts';
import { entropies } from '../src/classifiers/predict.ts';
import { bestRow } from './best-row.ts';
import { createFromM2, meanOf } from './from-m2.ts';
import { centred, countOf, kernelBlock, medianDistance, pickRows, type Rows } from './kernels.ts';
import type { LatentCombinationConfig } from './latent-combination-config.ts';

/** Rows a block on the backend. */
const BLOCK = 2048;

/** Values brought to [0, 1] by the least and the largest; all 0 if they are alike. */
export function toUnitRange(values: ArrayLike<number>): Float64Array {
  let [least, largest] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let row = 0; row < values.length; row++) {
    least = Math.min(least, values[row] as number);
    largest = Math.max(largest, values[row] as number);
  }
  const range = largest - least;
  return Float64Array.from(values, (value) => (range > 0 ? (value - least) / range : 0));
}

/**
 * `R(x)` of rows, `[n]` in (0, 1]. Cost: `n references size` on the backend. Memory: 4 bytes a row, and there 2048 rows of
 * `references`.
 */
export async function densities(rows: Rows, references: Rows): Promise<Float32Array> {
  const width = medianDistance(references);
  const [asked, others] = [centred(rows, references), centred(references, references)];
  const n = countOf(rows);
  const found = new Float32Array(n);
  const held = tf.tensor2d(others.values, [countOf(others), others.size]);
  try {
    for (let start = 0; start < n; start += BLOCK) {
      const count = Math.min(BLOCK, n - start);
      const means = tf.tidy(() => {
        const values = asked.values.subarray(start * asked.size, (start + count) * asked.size);
        const block = tf.tensor2d(values, [count, asked.size]);
        return tf.mean(kernelBlock({ kind: 'gaussian', width }, block, held), 1);
      });
      found.set(await means.data<'float32'>(), start);
      means.dispose();
    }
  } finally {
    held.dispose();
  }
  return found;
}

/**
 * `count` rows, each of the largest `fixed + weight D`. One pass over the latents a row taken.
 *
 * @param latents `[n, size]`
 * @param fixed `[n]`: what does not change within a batch
 * @param nearest `[n]`: squared distances to the nearest labelled latent; brought up to date
 * @param tieBreak `[n]`: a permutation
 * @throws RangeError if there are fewer rows than asked for
 */
export function greedyCombination(
  { values, size }: Rows,
  fixed: Float64Array,
  { nearest, weight }: { readonly nearest: Float64Array; readonly weight: number },
  count: number,
  tieBreak: ArrayLike<number>,
): number[] {
  const n = fixed.length;
  if (count > n) throw new RangeError(`greedyCombination.count: expected at most ${n}, got ${count}`);
  const largest = Math.sqrt(nearest.reduce((most, squared) => Math.max(most, squared), 0)) || 1;
  const left = new Set(Array.from({ length: n }, (_, row) => row));
  const taken: number[] = [];
  while (taken.length < count) {
    const scores = fixed.map((value, row) => value + (weight * Math.sqrt(nearest[row] as number)) / largest);
    const best = bestRow(left, scores, tieBreak);
    left.delete(best);
    taken.push(best);
    bringNearer(values, size, nearest, best);
  }
  return taken;
}

/**
 * A strategy that takes {@link greedyCombination}. Diagnostics: means over the pool and over the images taken, before the
 * batch, of entropies in nats, densities and distances to the nearest labelled latent.
 */
export function createLatentCombination(options: LatentCombinationConfig): Strategy {
  return createFromM2(options, async ({ batch, stream }, { pool, labelled }) => {
    const rows = { values: pool.latents, size: pool.latentSize };
    const every = Array.from({ length: pool.n }, (_, row) => row);
    const drawn = stream.of('references').choose(every, Math.min(options.references, pool.n));
    const information = entropies(pool.probs, pool.classes);
    const density = await densities(rows, pickRows(rows, drawn));
    const nearest = await nearestSquared(pool.latents, labelled.latents, pool.latentSize);
    const distance = nearest.map(Math.sqrt);
    const [ofInformation, ofDensity] = [toUnitRange(information), toUnitRange(density)];
    const fixed = ofInformation.map(
      (value, row) =>
        options.informativeness * value + options.representativeness * (ofDensity[row] as number),
    );
    const weighed = { nearest, weight: options.diversity };
    const taken = greedyCombination(rows, fixed, weighed, batch, stream.of('ties').permutation(pool.n));
    const means = (name: string, values: ArrayLike<number>) => ({
      [`mean${name}Pool`]: meanOf(values),
      [`mean${name}Selected`]: meanOf(taken.map((row) => values[row] as number)),
    });
    return {
      rows: taken,
      diagnostics: {
        ...means('Entropy', information),
        ...means('LatentDensity', density),
        ...means('LatentDistance', distance),
      },
    };
  });
}
