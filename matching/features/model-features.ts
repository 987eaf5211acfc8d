/**
 * Activations of a trained model as a feature map: what the maps of generators and of task models share.
 */
import { createHash } from 'node:crypto';
import * as tf from '@tensorflow/tfjs';
import type { ImageShape } from '../../src/datasets/dataset.ts';
import { checkShape } from '../../src/shapes.ts';
import type { FeatureMap } from './feature-map.ts';

/** What a feature map of a model is made from. */
export interface ModelFeatures {
  readonly kind: string;
  readonly shape: ImageShape;
  /** SHA-256 of the model, in hex. */
  readonly sha256: string;
  /** Everything else that decides the vectors; JSON, in an order that does not change. */
  readonly settings: readonly unknown[];
  /** Whether vectors are brought to length 1. */
  readonly normalise: boolean;
  /** Activations of images, the images along the first axis; in inference mode. */
  readonly activations: (images: tf.Tensor4D) => tf.Tensor;
}

/**
 * The map whose vectors are a model's activations, flattened. The model stays the caller's: disposing the map frees
 * nothing, and the map must not be used once the model is gone.
 *
 * `version` is the SHA-256 of kind, model and settings.
 *
 * @throws RangeError if `sha256` is none
 */
export function featuresOfModel({
  kind,
  shape,
  sha256,
  settings,
  normalise,
  activations,
}: ModelFeatures): FeatureMap {
  if (!/^[0-9a-f]{64}$/.test(sha256)) {
    throw new RangeError(`featuresOfModel.sha256: expected 64 hexadecimal digits, got ${sha256}`);
  }
  const vectorsOf = (images: tf.Tensor4D) =>
    tf.tidy(() => {
      const vectors = tf.reshape(activations(images), [images.shape[0], -1]) as tf.Tensor2D;
      return normalise ? unitRows(vectors) : vectors;
    });
  const size = tf.tidy(() => vectorsOf(tf.zeros([1, ...shape])).shape[1]);
  return {
    kind,
    size,
    version: createHash('sha256')
      .update(JSON.stringify([kind, sha256, normalise, ...settings]))
      .digest('hex'),
    features(images) {
      checkShape(`${kind} features.images`, images, [null, ...shape]);
      return vectorsOf(images);
    },
    dispose() {},
  };
}

/**
 * Rows `[n, size]` over their Euclidean lengths; rows of zeros stay so. The caller disposes the result.
 *
 * Each is divided by its largest value first, so that no square over- or underflows.
 */
export function unitRows(vectors: tf.Tensor2D): tf.Tensor2D {
  return tf.tidy(() => {
    const largest = tf.max(tf.abs(vectors), 1, true);
    const isZero = tf.cast(tf.equal(largest, 0), 'float32');
    const scaled = tf.div(vectors, tf.add(largest, isZero));
    const lengths = tf.sqrt(tf.sum(tf.square(scaled), 1, true));
    return tf.div(scaled, tf.add(lengths, isZero)) as tf.Tensor2D;
  });
}
