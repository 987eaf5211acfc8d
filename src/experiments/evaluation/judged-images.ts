/**
 * What the judge makes of images: features and class probabilities.
 */
import type { Features } from '../../../generators/evaluation/features.ts';
import type { Classifier } from '../../classifiers/classifier.ts';
import { featuresOfImages, probabilities, scoreImages } from '../../classifiers/predict.ts';

/** A set of images as the judge sees it. */
export interface JudgedImages {
  readonly features: Features;
  /** `[n, classes]` */
  readonly probs: Float32Array;
}

/** Features and probabilities of bytes `[n, height, width, channels]`. */
export async function judgedImages(judge: Classifier, images: Uint8Array): Promise<JudgedImages> {
  const probs = probabilities(await scoreImages(judge, images), judge.classes);
  const n = probs.length / judge.classes;
  const values = await featuresOfImages(judge, images);
  return { features: { values, n, size: values.length / n }, probs };
}
