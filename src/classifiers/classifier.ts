/**
 * What a trained task model offers to everyone else: scores, features and gradients with respect to images.
 */
import type * as tf from '@tensorflow/tfjs';
import type { ImageShape } from '../datasets/dataset.ts';

export interface Classifier {
  readonly classes: number;
  readonly shape: ImageShape;
  /**
   * Class scores `[n, classes]` of images `[n, height, width, channels]` in [-1, 1]; differentiable with
   * respect to the images, in inference mode. Logits of a softmax for networks. For a linear SVM the decision
   * values `w_k . x + b_k`; with two classes there is one hyperplane and the scores are `[-f/2, f/2]`, so the
   * difference of the two is its decision value `f`. The caller disposes the result.
   */
  scores(images: tf.Tensor4D): tf.Tensor2D;
  /** Inputs of the last linear layer, `[n, featureSize]`; differentiable. The caller disposes it. */
  features(images: tf.Tensor4D): tf.Tensor2D;
  dispose(): void;
}
