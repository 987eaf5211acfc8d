/**
 * What the task model sees in an image, as features: the inputs of its last linear layer.
 *
 * Source: ours; the space in which core-set methods measure distances (Sener and Savarese 2018). It changes with every
 * training, so an index by it serves one round.
 */
import type { Classifier } from '../../src/classifiers/classifier.ts';
import type { TaskModelFeatureConfig } from './config.ts';
import type { FeatureMap } from './feature-map.ts';
import { featuresOfModel } from './model-features.ts';

/** A trained task model and what tells it from others. */
export interface HashedClassifier {
  readonly classifier: Classifier;
  /** SHA-256 of its weights, in hex; `hashClassifier` gives it. */
  readonly sha256: string;
}

/** Features `[n, featureSize]` of a classifier, which stays the caller's. Of a linear SVM they are the pixels. */
export function taskModelFeatures(
  { classifier, sha256 }: HashedClassifier,
  { normalise }: TaskModelFeatureConfig,
): FeatureMap {
  return featuresOfModel({
    kind: 'task-model',
    shape: classifier.shape,
    sha256,
    settings: [],
    normalise,
    activations: (images) => classifier.features(images),
  });
}
