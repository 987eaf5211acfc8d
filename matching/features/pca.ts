/**
 * Principal components as features: how far an image lies from the pool's mean image along each of the directions in
 * which the pool varies most.
 *
 *     features = (image - mean) components^T x scale,   scale = 1, or 1 / sqrt(eigenvalue + epsilon) when whitened
 *
 * Pixels are in [-1, 1]. The mean is the pool's, also for images that a generator made.
 *
 * Source: of the method, randomised-pca.ts; of its use for matching, Mayer and Timofte 2020, "Adversarial Sampling for
 * Active Learning".
 */
import { createHash } from 'node:crypto';
import * as tf from '@tensorflow/tfjs';
import { Matrix } from 'ml-matrix';
import { PCA } from 'ml-pca';
import { type ImageShape, imageSize, toModelRange } from '../../src/datasets/dataset.ts';
import type { Stream } from '../../src/random.ts';
import { encodeSafetensors } from '../../src/safetensors.ts';
import { checkShape } from '../../src/shapes.ts';
import type { PcaConfig } from './config.ts';
import type { FeatureMap } from './feature-map.ts';
import { randomisedPca } from './randomised-pca.ts';

/** What the features are computed from. */
export interface PcaParameters {
  /** `[height * width * channels]`, in [-1, 1]. */
  readonly mean: Float32Array;
  /** `[k, height * width * channels]`, orthonormal rows. */
  readonly components: Float32Array;
  /** `[k]` */
  readonly scale: Float32Array;
}

/** What is known of the fit; nothing is computed from it. */
export interface PcaFit {
  /** Images it was made from. */
  readonly n: number;
  /** `[k]`, variances of the pool along the components, pixels in [-1, 1], divisor n - 1, from large to small. */
  readonly eigenvalues: readonly number[];
  /** Sum of the variances of all pixels; an eigenvalue over it is the component's share. */
  readonly totalVariance: number;
  /** Why there are fewer components than asked for, or less variance; null if there are not. */
  readonly shortfall: string | null;
}

/** A fitted {@link FeatureMap}. */
export interface PcaFeatures extends FeatureMap {
  readonly kind: 'pca';
  readonly config: PcaConfig;
  readonly shape: ImageShape;
  readonly fit: PcaFit;
  readonly parameters: PcaParameters;
  /** The parameters as the bytes of a safetensors file; `version` is their SHA-256. */
  weights(): Uint8Array;
  /**
   * A model of the package ml-pca whose `predict` gives the same scores of rows of pixels in [-1, 1].
   *
   * Whitening is part of its eigenvectors then, and its `invert` does not undo it. Its `getExplainedVariance` is of the
   * variance of the components kept, not of all.
   */
  toMlPca(): PCA;
}

/**
 * Fits the components to rows of the pool; other rows are not read.
 *
 * @param bytes `[poolSize, height, width, channels]`, 0 to 255
 * @param rows the unlabelled pool: rows of `bytes`, two or more, each once
 * @param stream decides the start of the iteration
 * @returns a map the caller disposes; `fit.shortfall` tells whether the pool has fewer directions than asked for
 * @throws RangeError for rows that are not there, and for more components than min(rows - 1, values an image)
 * @throws Error if all images are equal
 */
export async function fitPca(
  bytes: Uint8Array,
  shape: ImageShape,
  rows: readonly number[],
  { config, stream }: { readonly config: PcaConfig; readonly stream: Stream },
): Promise<PcaFeatures> {
  const pool = { bytes, size: imageSize(shape), rows };
  const { keep, passes, spare, block } = config;
  const found = await randomisedPca(pool, stream, { keep, passes, spare, block });
  // The fit is in bytes; the map between bytes and pixels is affine, so its ends tell all of it.
  const [low, high] = toModelRange(Uint8Array.of(0, 255)) as unknown as readonly [number, number];
  const unit = (high - low) / 255;
  const eigenvalues = found.eigenvalues.map((value) => value * unit ** 2);
  const scale = eigenvalues.map((value) => (config.whiten ? 1 / Math.sqrt(value + config.epsilon) : 1));
  return pcaFeatures(
    config,
    shape,
    {
      mean: Float32Array.from(found.means, (mean) => mean * unit + low),
      components: Float32Array.from(found.components.to1DArray()),
      scale: Float32Array.from(scale),
    },
    {
      n: found.n,
      eigenvalues,
      totalVariance: found.totalVariance * unit ** 2,
      shortfall: found.shortfall,
    },
  );
}

/** The map of given parameters; the caller disposes it. RangeError if a parameter is not finite. */
export function pcaFeatures(
  config: PcaConfig,
  shape: ImageShape,
  parameters: PcaParameters,
  fit: PcaFit,
): PcaFeatures {
  const { mean, components, scale } = parameters;
  const pixels = imageSize(shape);
  const size = scale.length;
  for (const [name, values] of Object.entries({ mean, components, scale })) {
    const broken = (values as Float32Array).findIndex((value) => !Number.isFinite(value));
    if (broken >= 0) {
      throw new RangeError(`pcaFeatures.parameters.${name}: expected finite values, got ${values[broken]}`);
    }
  }
  const weights = () =>
    encodeSafetensors(
      new Map([
        ['mean', { shape: [...shape], values: mean }],
        ['components', { shape: [size, ...shape], values: components }],
        ['scale', { shape: [size], values: scale }],
      ]),
    );
  // Scaled on the host, so that every engine and ml-pca start from the same float32 numbers.
  const scaled = components.map((loading, i) => loading * (scale[Math.floor(i / pixels)] as number));
  const meanRow = tf.tensor2d(mean, [1, pixels]);
  const projection = tf.tidy(() => tf.transpose(tf.tensor2d(scaled, [size, pixels]))); // [pixels, size]
  return {
    kind: 'pca',
    size,
    version: createHash('sha256').update(weights()).digest('hex'),
    config,
    shape,
    fit,
    parameters,
    weights,
    features(images) {
      checkShape('PcaFeatures.features.images', images, [null, ...shape]);
      return tf.tidy(() => {
        const centred = tf.sub(tf.reshape(images, [images.shape[0], pixels]), meanRow);
        return tf.matMul(centred, projection) as tf.Tensor2D;
      });
    },
    toMlPca: () =>
      PCA.load({
        name: 'PCA',
        center: true,
        scale: false,
        means: [...mean],
        stdevs: [],
        U: Matrix.from1DArray(size, pixels, scaled).transpose(),
        S: [...fit.eigenvalues],
      }),
    dispose() {
      meanRow.dispose();
      projection.dispose();
    },
  };
}
