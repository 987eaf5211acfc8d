/**
 * What a trained task model offers to everyone else: scores, features and gradients with respect to images.
 */
import type * as tf from '@tensorflow/tfjs';
import type { ImageShape } from '../datasets/dataset.ts';
import type { Stream } from '../random.ts';
import type { ClassifierConfig } from './config.ts';

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
  /**
   * Class scores of `passes` networks drawn by dropout, `[passes, n, classes]`; all else in inference mode. Present if the
   * classifier was trained with dropout. Pass `t` is one network, the same for every image and every call with `stream`,
   * which does not move. Not differentiated. The caller disposes the result.
   */
  sampleScores?(images: tf.Tensor4D, stream: Stream, passes: number): tf.Tensor3D;
  dispose(): void;
}

/** How a training went. Plain JSON, and the same for the same inputs. */
export interface TrainingReport {
  /** Labelled images trained on. */
  readonly labels: number;
  /** Training steps of a network; coordinate steps of each hyperplane of a linear SVM. */
  readonly updates: number;
  /**
   * What was minimised, at the end. A network: mean cross-entropy of the last mini-batch in nats, penalty
   * included. M2: its weighted loss of the last mini-batches in nats. A linear SVM: `P(w)` of dual-coordinate-descent.ts, summed over its hyperplanes.
   */
  readonly objective: number;
  /** Largest `(P - D) / P` of the hyperplanes, 0 at the exact optimum; null for a network. */
  readonly dualityGap: number | null;
}

/** A classifier that knows how it was trained. */
export interface TrainedModel extends Classifier {
  readonly config: { readonly kind: string };
  readonly training: TrainingReport;
  /** The weights by name. They stay the classifier's: not to be disposed or changed. */
  weights(): ReadonlyMap<string, tf.Tensor>;
}

/** A classifier that learnt from labels alone. */
export interface TrainedClassifier extends TrainedModel {
  readonly config: ClassifierConfig;
}
