/**
 * Labels that a task model gives to unlabelled images, for the training of one round.
 *
 *     confidence          every x with max_k p_k(x) >= threshold: argmax_k p_k(x)
 *     label-propagation   labels spread along the graph of label-propagation.ts over the features; a share of the images,
 *                         drawn without replacement in proportion to their weights 1 - H / ln C
 *
 * Source: Lee 2013, "Pseudo-label", with the threshold of Sohn et al. 2020, "FixMatch"; Iscen, Tolias, Avrithis and Chum
 * 2019, "Label propagation for deep semi-supervised learning", drawn as in the code of Siméoni, Budnik, Avrithis and Gravier
 * 2021, "Rethinking deep active learning" (mode `prob`).
 * Differs: labels are propagated once a round, from a network trained on the labelled; the papers do so again after every
 * epoch. Drawn images count alike in the loss, as in Siméoni's code; Iscen et al. weight them.
 */
import type { Classifier } from '../../classifiers/classifier.ts';
import { featuresOfImages, predictedClasses } from '../../classifiers/predict.ts';
import type { Split } from '../../datasets/dataset.ts';
import type { Stream } from '../../random.ts';
import type { PoolIndex } from '../../shapes.ts';
import { neighbourGraph, propagateLabels } from '../label-propagation.ts';
import { poolFeatures, poolProbabilities } from '../score-pool.ts';
import type { UnlabelledImages } from '../task-model/train-m2.ts';
import { drawDistinct } from '../weighted-draw.ts';
import type { ConfidenceConfig, LabelPropagationConfig, PseudoLabelConfig } from './config.ts';

/** Rows of the pool and the class given to each, in the same order. */
export interface PseudoLabels {
  readonly rows: readonly PoolIndex[];
  readonly labels: readonly number[];
}

/**
 * Pseudo-labels of the unlabelled images by a model; none of images without candidates.
 *
 * @param labelled what the model was trained on
 * @param stream not moved; what propagation draws comes from below it
 */
export async function pseudoLabelsOf(
  config: PseudoLabelConfig,
  classifier: Classifier,
  labelled: Split,
  unlabelled: UnlabelledImages,
  stream: Stream,
): Promise<PseudoLabels> {
  if (unlabelled.candidates.length === 0) return { rows: [], labels: [] };
  const given =
    config.kind === 'confidence'
      ? confident(await poolProbabilities(classifier, unlabelled), classifier.classes, config)
      : await propagated(config, classifier, labelled, unlabelled, stream);
  return {
    rows: given.map(({ candidate }) => unlabelled.candidates[candidate] as PoolIndex),
    labels: given.map(({ label }) => label),
  };
}

/** A position among the candidates, and its class. */
export interface Given {
  readonly candidate: number;
  readonly label: number;
}

/**
 * The rows whose largest probability is at least the threshold, with the class it is of, ascending. Of equal classes the
 * first; where there are more of a class than `atMost`, the most certain, of equally certain ones the first.
 *
 * @param probs `[n, classes]`
 */
export function confident(
  probs: Float32Array,
  classes: number,
  { threshold, atMost = Number.POSITIVE_INFINITY }: Pick<ConfidenceConfig, 'threshold' | 'atMost'>,
): Given[] {
  const certainty = (row: number, label: number) => probs[row * classes + label] as number;
  const sure: Given[] = [];
  predictedClasses(probs, classes).forEach((label, candidate) => {
    if (certainty(candidate, label) >= threshold) sure.push({ candidate, label });
  });
  const counts = new Array<number>(classes).fill(0);
  return [...sure]
    .sort((a, b) => certainty(b.candidate, b.label) - certainty(a.candidate, a.label))
    .filter(({ label }) => {
      counts[label] = (counts[label] as number) + 1;
      return (counts[label] as number) <= atMost;
    })
    .sort((a, b) => a.candidate - b.candidate);
}

async function propagated(
  { share, index, ...graphOptions }: LabelPropagationConfig,
  classifier: Classifier,
  labelled: Split,
  unlabelled: UnlabelledImages,
  stream: Stream,
): Promise<Given[]> {
  const known = await featuresOfImages(classifier, labelled.images);
  const others = await poolFeatures(classifier, unlabelled);
  const features = new Float32Array(known.length + others.length);
  features.set(known);
  features.set(others, known.length);
  const size = known.length / labelled.n;
  const graph = await neighbourGraph(features, size, stream.of('neighbours'), { ...graphOptions, index });
  const rows = Array.from({ length: labelled.n }, (_, row) => row);
  const { labels, weights } = propagateLabels(
    graph,
    { rows, labels: labelled.labels },
    classifier.classes,
    graphOptions,
  );
  const count = Math.round(share * unlabelled.candidates.length);
  const drawn = drawDistinct(weights.subarray(labelled.n), count, stream.of('draw'));
  return drawn
    .sort((a, b) => a - b)
    .map((candidate) => ({ candidate, label: labels[labelled.n + candidate] as number }));
}
