/**
 * The classifier accuracy score: how well a classifier that has seen generated images alone reads real ones.
 *
 * Source: Ravuri and Vinyals 2019, "Classification Accuracy Score for Conditional Generative Models", section 3, with a
 * network of our own for ResNet-50.
 */
import { accuracy } from '../../classifiers/predict.ts';
import { type TrainProgress, trainClassifier } from '../../classifiers/train.ts';
import { type Dataset, gatherImages, type Split } from '../../datasets/dataset.ts';
import type { Stream } from '../../random.ts';
import { JUDGE_CONFIG } from './judge.ts';

export interface ClassifierScore {
  /** Accuracy on real test images after training on generated ones with the class each was asked for, in [0, 1]. */
  readonly generated: number;
  /** The same after training on as many real ones: what no generator is expected to pass. */
  readonly real: number;
  /** Images trained on. */
  readonly images: number;
}

/** About as long as the judge's own training, for a sixth of its images. */
const UPDATES = 1000;

/**
 * @param generated images and the class each was asked for
 * @param stream draws the real images; both trainings share first weights and order
 */
export async function classifierScore(
  { train, test, shape, classNames }: Dataset,
  generated: Split,
  stream: Stream,
  onProgress: (what: string, progress: TrainProgress) => void,
  signal?: AbortSignal,
): Promise<ClassifierScore> {
  const all = Array.from(train.labels, (_, row) => row);
  const rows = stream.of('real').choose(all, Math.min(generated.n, train.n));
  const real: Split = {
    images: gatherImages(train.images, shape, rows),
    labels: Uint8Array.from(rows, (row) => train.labels[row] as number),
    n: rows.length,
  };
  const scoreOf = async (what: string, split: Split): Promise<number> => {
    const classifier = await trainClassifier({ ...JUDGE_CONFIG, updates: UPDATES }, split, {
      shape,
      classes: classNames.length,
      weights: stream.of('weights'),
      order: stream.of('order'),
      onProgress: (progress) => onProgress(what, progress),
      ...(signal && { signal }),
    });
    try {
      return await accuracy(classifier, test);
    } finally {
      classifier.dispose();
    }
  };
  return {
    generated: await scoreOf('classifier of generated images', generated),
    real: await scoreOf('classifier of real images', real),
    images: generated.n,
  };
}
