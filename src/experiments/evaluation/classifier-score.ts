/**
 * The classifier accuracy score: how well a classifier that has seen generated images alone reads real ones.
 *
 * Source: Ravuri and Vinyals 2019, "Classification Accuracy Score for Conditional Generative Models", section 3, with a
 * network of our own for ResNet-50.
 */
import type { ClassifierConfig } from '../../classifiers/config.ts';
import { accuracy } from '../../classifiers/predict.ts';
import { type TrainProgress, trainClassifier } from '../../classifiers/train.ts';
import { type Dataset, gatherImages, type Split } from '../../datasets/dataset.ts';
import type { Stream } from '../../random.ts';

export interface ClassifierScore {
  /** Accuracy on real test images after training on generated ones with the class each was asked for, in [0, 1]. */
  readonly generated: number;
  /** The same after training on as many real ones: what no generator is expected to pass. */
  readonly real: number;
  /** Images trained on. */
  readonly images: number;
}

export interface ClassifierScoreOptions {
  /** What is trained. */
  readonly config: ClassifierConfig;
  /** Draws the real images; both trainings share first weights and order. */
  readonly stream: Stream;
  readonly onProgress: (what: string, progress: TrainProgress) => void;
  readonly signal?: AbortSignal | undefined;
}

/** Trains twice. `generated` holds images and the class that each was asked for. */
export async function classifierScore(
  { train, test, shape, classNames }: Dataset,
  generated: Split,
  { config, stream, onProgress, signal }: ClassifierScoreOptions,
): Promise<ClassifierScore> {
  const all = Array.from(train.labels, (_, row) => row);
  const rows = stream.of('real').choose(all, Math.min(generated.n, train.n));
  const real: Split = {
    images: gatherImages(train.images, shape, rows),
    labels: Uint8Array.from(rows, (row) => train.labels[row] as number),
    n: rows.length,
  };
  const scoreOf = async (what: string, split: Split): Promise<number> => {
    const classifier = await trainClassifier(config, split, {
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
