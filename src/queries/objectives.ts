/**
 * What a synthesised query should be: on the task model's decision boundary, or as uncertain as can be.
 *
 * Source: Zhu and Bento 2017 (arXiv:1702.07956) for the distance to the boundary; Mayer and
 * Timofte 2020 (arXiv:1808.06671), for the entropy.
 * Differs from Zhu and Bento: more than two classes are allowed, by the margin of the two best.
 */
import * as tf from '@tensorflow/tfjs';
import { checkShape } from '../shapes.ts';

export const OBJECTIVES = ['boundary', 'entropy'] as const;

/** `boundary`: {@link boundaryDistance}. `entropy`: {@link negativeEntropy}. Both are minimised. */
export type ObjectiveName = (typeof OBJECTIVES)[number];

/** The objective as it is reported: `[n]` of class scores `[n, classes]`. The caller disposes it. */
export function objectiveOf(name: ObjectiveName, scores: tf.Tensor2D): tf.Tensor1D {
  return name === 'boundary' ? boundaryDistance(scores) : negativeEntropy(scores);
}

/**
 * What gradient descent minimises in the objective's stead, `[n]`: the square of the distance, the entropy as
 * it is. Both order rows as the objective does. The caller disposes it.
 *
 * The distance has a kink at its minimum, where its gradient keeps its length and an optimiser of fixed step
 * size swings across the boundary for ever. The gradient of the square vanishes there.
 */
export function descended(name: ObjectiveName, scores: tf.Tensor2D): tf.Tensor1D {
  return name === 'boundary' ? tf.tidy(() => tf.square(boundaryDistance(scores))) : negativeEntropy(scores);
}

/** The value no image can go below: 0 for the distance, `-ln classes` for the entropy. */
export function objectiveMinimum(name: ObjectiveName, classes: number): number {
  return name === 'boundary' ? 0 : -Math.log(classes);
}

/**
 * Lead of the best class over the second, `s_(1) - s_(2)`, in units of the scores; 0 on the decision boundary.
 *
 * With two classes it is `|s_1 - s_0|`, so for a linear SVM, whose scores are `[-f/2, f/2]`, the `|w . x + b|`
 * of Zhu and Bento. It is not divided by `|w|`, as it is not there. Differentiable once; on the boundary itself
 * the gradient is that of one side.
 *
 * @param scores `[n, classes]`, two classes or more
 * @returns `[n]`, at least 0; the caller disposes it
 */
export function boundaryDistance(scores: tf.Tensor2D): tf.Tensor1D {
  checkScores('boundaryDistance.scores', scores);
  return lead(scores) as tf.Tensor1D;
}

/**
 * Minus the entropy of the softmax of the scores, in nats: `sum_k p_k ln p_k`. Differentiable once.
 *
 * @param scores `[n, classes]`, two classes or more
 * @returns `[n]`, each in `[-ln classes, 0]`; the caller disposes it
 */
export function negativeEntropy(scores: tf.Tensor2D): tf.Tensor1D {
  checkScores('negativeEntropy.scores', scores);
  return tf.tidy(() => {
    const logProbs = tf.logSoftmax(scores);
    return tf.sum(tf.mul(tf.exp(logProbs), logProbs), 1) as tf.Tensor1D;
  });
}

// Which two classes lead is piecewise constant, and TensorFlow.js has no gradient for finding them (topk) and
// none to stop one, hence a gradient of our own: +1 for the best class, -1 for the second, ties included.
const lead = tf.customGrad((scores, save) => {
  const classes = (scores as tf.Tensor).shape[1] as number;
  const { indices } = tf.topk(scores as tf.Tensor2D, 2);
  const [best, second] = tf.split(indices, 2, 1);
  const sign = tf.sub(oneHotRows(best as tf.Tensor, classes), oneHotRows(second as tf.Tensor, classes));
  (save as (tensors: tf.Tensor[]) => void)([sign]);
  return {
    value: tf.sum(tf.mul(scores as tf.Tensor2D, sign), 1),
    gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => tf.mul(tf.expandDims(dy, 1), saved[0] as tf.Tensor),
  };
});

/** `[n, classes]` of indices `[n, 1]`. */
function oneHotRows(indices: tf.Tensor, classes: number): tf.Tensor2D {
  return tf.cast(tf.oneHot(tf.reshape(indices, [-1]) as tf.Tensor1D, classes), 'float32') as tf.Tensor2D;
}

function checkScores(name: string, scores: tf.Tensor2D): void {
  checkShape(name, scores, [null, null]);
  if (scores.shape[1] < 2) {
    throw new RangeError(`${name}: expected scores of at least 2 classes, got ${scores.shape[1]}`);
  }
}
