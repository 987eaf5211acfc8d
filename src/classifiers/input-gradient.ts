/**
 * Which way to change an image so that one class gains on another.
 */
import * as tf from '@tensorflow/tfjs';
import { checkInteger, checkShape } from '../shapes.ts';
import type { Classifier } from './classifier.ts';

/** A difference of two class scores, `scores[plus] - scores[minus]`. */
export interface ClassDifference {
  readonly plus: number;
  readonly minus: number;
}

/**
 * Gradient of `scores[plus] - scores[minus]` with respect to each image, `[n, height, width, channels]`, per
 * unit of the range [-1, 1]. With two classes, `{ plus: 1, minus: 0 }` is the gradient of the decision value: for
 * a linear SVM `w` itself, whatever the image.
 *
 * @param images `[n, height, width, channels]` in [-1, 1]. Not disposed.
 * @returns a tensor the caller disposes
 */
export function inputGradient(
  classifier: Classifier,
  images: tf.Tensor4D,
  { plus, minus }: ClassDifference,
): tf.Tensor4D {
  const { classes, shape } = classifier;
  checkShape('inputGradient.images', images, [null, ...shape]);
  for (const [name, label] of Object.entries({ plus, minus })) {
    checkInteger(`inputGradient.${name}`, label, 0);
    if (label >= classes) {
      throw new RangeError(`inputGradient.${name}: expected a class in [0, ${classes}), got ${label}`);
    }
  }
  return tf.tidy(() => {
    const direction = tf.sub(tf.oneHot([plus], classes), tf.oneHot([minus], classes)); // [1, classes]
    // No row's score depends on another row, so the gradient of the sum holds each row's own.
    const total = (varied: tf.Tensor): tf.Scalar =>
      tf.sum(tf.mul(classifier.scores(varied as tf.Tensor4D), direction));
    return tf.grad(total)(images) as tf.Tensor4D;
  });
}
