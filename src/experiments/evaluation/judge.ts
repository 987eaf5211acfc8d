/**
 * The judge: a classifier of our own, by whose features and answers generators are measured.
 *
 * Distances between sets of images are taken in the features of a network trained on natural images elsewhere (Heusel
 * et al. 2017); its weights are not ours to ship, and it knows nothing of digits. Ours is trained on the data set that
 * the generator imitates, on all its labels. Distances therefore compare within one data set and one judge alone, and
 * every figure names the judge by the hash of its weights.
 */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { cacheDirectory } from '../../cache-directory.ts';
import type { TrainedClassifier } from '../../classifiers/classifier.ts';
import { ClassifierConfig } from '../../classifiers/config.ts';
import { accuracy } from '../../classifiers/predict.ts';
import { loadClassifier, saveClassifier } from '../../classifiers/saved.ts';
import { type TrainProgress, trainClassifier } from '../../classifiers/train.ts';
import type { Dataset } from '../../datasets/dataset.ts';
import { rootStream } from '../../random.ts';

/** A LeNet of 32 and 64 filters with 128 features, some four passes through 60,000 images. */
export const JUDGE_CONFIG = ClassifierConfig.parse({
  kind: 'lenet',
  widths: [32, 64, 128],
  batch: 64,
  updates: 4000,
});

export interface Judge {
  readonly classifier: TrainedClassifier;
  /** First 16 hexadecimal digits of the SHA-256 of its weights. */
  readonly id: string;
  /** Share of the data set's test images it names rightly. */
  readonly testAccuracy: number;
}

export interface JudgeOptions {
  /** Where it is kept; {@link judgeFolder} if left out. */
  readonly dir?: string | undefined;
  readonly onProgress?: ((progress: TrainProgress) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** The folder of a data set's judge in the user's cache: by name, classes, and the hash of images and config. */
export function judgeFolder({ name, train, classNames }: Dataset): string {
  const hash = createHash('sha256')
    .update(JSON.stringify([JUDGE_CONFIG, classNames]))
    .update(train.images)
    .update(train.labels);
  return path.join(cacheDirectory(), 'judges', `${name}-${hash.digest('hex').slice(0, 16)}`);
}

/**
 * The judge of a data set: read from its folder, or trained and kept there. The caller disposes its classifier.
 *
 * @throws RangeError if the folder holds a classifier of other images; the signal's reason if it is aborted
 */
export async function judgeOf(
  dataset: Dataset,
  { dir = judgeFolder(dataset), onProgress, signal }: JudgeOptions = {},
): Promise<Judge> {
  const classifier = existsSync(path.join(dir, 'model.json'))
    ? await loadClassifier(dir)
    : await trainJudge(dataset, dir, onProgress, signal);
  const { shape, classes } = classifier;
  const wanted = [...dataset.shape, dataset.classNames.length].join(', ');
  if ([...shape, classes].join(', ') !== wanted) {
    classifier.dispose();
    throw new RangeError(
      `judgeOf.dir: expected a classifier of images and classes [${wanted}] in ${dir}, got one of [${[...shape, classes].join(', ')}]`,
    );
  }
  return { classifier, id: await idOf(classifier), testAccuracy: await accuracy(classifier, dataset.test) };
}

async function trainJudge(
  dataset: Dataset,
  dir: string,
  onProgress: JudgeOptions['onProgress'],
  signal: AbortSignal | undefined,
): Promise<TrainedClassifier> {
  const stream = rootStream(1).of('judge');
  const classifier = await trainClassifier(JUDGE_CONFIG, dataset.train, {
    shape: dataset.shape,
    classes: dataset.classNames.length,
    weights: stream.of('weights'),
    order: stream.of('order'),
    ...(onProgress && { onProgress }),
    ...(signal && { signal }),
  });
  await saveClassifier(dir, classifier);
  return classifier;
}

async function idOf(classifier: TrainedClassifier): Promise<string> {
  const hash = createHash('sha256');
  const weights = [...classifier.weights()].sort(([a], [b]) => (a < b ? -1 : 1));
  for (const [name, tensor] of weights) hash.update(name).update(await tensor.data<'float32'>());
  return hash.digest('hex').slice(0, 16);
}
