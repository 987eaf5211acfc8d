/** What a task model's mistakes cost on images whose labels are known. */
import type { Classifier } from '../src/classifiers/classifier.ts';
import { probabilities, scoreImages } from '../src/classifiers/predict.ts';

/**
 * Cross-entropies `-ln p_label` in nats, `[n]`, at most 85: a probability that rounds to 0 counts as the smallest there is.
 *
 * @param bytes images `[n, height, width, channels]`
 */
export async function lossesOf(
  classifier: Classifier,
  bytes: Uint8Array,
  labels: Uint8Array,
): Promise<Float32Array> {
  const { classes } = classifier;
  const probs = probabilities(await scoreImages(classifier, bytes), classes);
  return Float32Array.from(
    labels,
    (label, row) => -Math.log(Math.max(probs[row * classes + label] as number, 1e-37)),
  );
}
