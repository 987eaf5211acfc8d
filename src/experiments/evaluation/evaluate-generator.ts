/**
 * The quality of a trained generator in figures, each beside what real images get and what an untrained generator gets.
 *
 * Real images are test images, which no generator was trained on: half of them, shuffled, are what the generator's images
 * are compared with, the other half takes the generator's place for the floor. All sets have the same size, since every
 * one of these distances depends on it.
 */
import { type ClassHistogram, classHistogram } from '../../../generators/evaluation/class-histogram.ts';
import type { Features } from '../../../generators/evaluation/features.ts';
import { type Memorisation, memorisation } from '../../../generators/evaluation/memorisation.ts';
import { nearestImages } from '../../../generators/evaluation/nearest-images.ts';
import {
  type FeatureDistances,
  featureDistances,
  splitHalves,
} from '../../../generators/evaluation/real-floor.ts';
import type { Generator } from '../../../generators/generator.ts';
import { sampleImages } from '../../../generators/sample.ts';
import { predictedClasses } from '../../classifiers/predict.ts';
import { type Dataset, gatherImages, imageSize } from '../../datasets/dataset.ts';
import type { Stream } from '../../random.ts';
import { type ClassifierScore, classifierScore } from './classifier-score.ts';
import type { Judge } from './judge.ts';
import { type JudgedImages, judgedImages } from './judged-images.ts';
import { classifierAccuracy, type MeanFigure, meanBound, reconstructionError } from './model-figures.ts';

/** Images whose nearest training images are looked for: each costs a pass over all of them. */
const NEAREST = 1000;

/** Figures of samples; absent of a model without a prior. */
export interface SampleFigures {
  /** Rows of every set that is compared. */
  readonly rows: number;
  readonly distances: FeatureDistances;
  /** Of real images in the generator's place. */
  readonly floor: FeatureDistances;
  /** Of the same model with its first weights; null if it is not of the zoo. */
  readonly untrained: FeatureDistances | null;
  /** `(untrained - floor) / (distance - floor)` of the Fréchet distances; null without an untrained model. */
  readonly timesNearer: number | null;
  readonly classes: ClassHistogram;
  readonly realClasses: ClassHistogram;
  readonly memorisation: Memorisation;
  /** Share of images in which the judge sees the class that was asked for; null of a model without classes. */
  readonly classAgreement: number | null;
  readonly classifierScore: ClassifierScore | null;
}

export interface Evaluation {
  readonly kind: string;
  readonly dataset: string;
  readonly judge: { readonly id: string; readonly testAccuracy: number };
  readonly samples: SampleFigures | null;
  /** Mean -ELBO of the test images in nats. */
  readonly bound: MeanFigure | null;
  /** Mean squared error a pixel in [0, 1] of reconstructed test images. */
  readonly reconstruction: MeanFigure | null;
  /** Accuracy on the test images of the model's own classifier. */
  readonly testAccuracy: number | null;
}

export interface EvaluationOptions {
  readonly judge: Judge;
  /** Images of the generator that are compared; fewer if there are fewer than twice as many test images. */
  readonly count: number;
  /** Latents, draws of sets and subsets come from streams below it. */
  readonly stream: Stream;
  /** Images of the model before its training, or undefined if there is no such model. */
  readonly untrained: (count: number, stream: Stream) => Promise<Uint8Array | undefined>;
  readonly onStatus: (text: string) => void;
  readonly signal?: AbortSignal | undefined;
}

/** Fewest images that all distances can be had of. */
const FEWEST = 6;

/**
 * Measures a generator on a data set.
 *
 * @throws RangeError if they differ in the shape of images or the number of classes, or there are too few test images;
 *   the signal's reason if it is aborted
 */
export async function evaluateGenerator(
  generator: Generator,
  dataset: Dataset,
  options: EvaluationOptions,
): Promise<Evaluation> {
  checkFit(generator, dataset);
  const { judge, stream, onStatus, signal } = options;
  const { test } = dataset;
  const samples = generator.prior === 'none' ? null : await sampleFigures(generator, dataset, options);
  signal?.throwIfAborted();
  onStatus('bound, reconstructions and classifier on test images');
  return {
    kind: generator.kind,
    dataset: dataset.name,
    judge: { id: judge.id, testAccuracy: judge.testAccuracy },
    samples,
    bound: (await meanBound(generator, test.images, stream.of('bound'))) ?? null,
    reconstruction: (await reconstructionError(generator, test.images)) ?? null,
    testAccuracy: (await classifierAccuracy(generator, test)) ?? null,
  };
}

async function sampleFigures(
  generator: Generator,
  dataset: Dataset,
  { judge, count, stream, untrained, onStatus, signal }: EvaluationOptions,
): Promise<SampleFigures> {
  const { train, test, shape, classNames } = dataset;
  const rows = Math.min(count, Math.floor(test.n / 2));
  if (rows < FEWEST) {
    throw new RangeError(`evaluateGenerator.dataset: expected ${2 * FEWEST} test images, got ${test.n}`);
  }
  const step = (text: string): void => {
    signal?.throwIfAborted();
    onStatus(text);
  };
  const { classifier } = judge;
  const size = imageSize(shape);

  step(`drawing ${rows} images`);
  const images = await sampleImages(generator, rows, stream.of('samples'));
  step('features of real and generated images');
  const [real, generated] = [
    await judgedImages(classifier, test.images),
    await judgedImages(classifier, images),
  ];
  const { first, second } = splitHalves(real.features, rows, stream.of('halves'));
  const distancesOf = (other: Features) => featureDistances(first, other, stream.of('distances'));

  step('distances');
  const [distances, floor] = [await distancesOf(generated.features), await distancesOf(second)];
  const before = await untrained(rows, stream.of('samples'));
  const start = before ? await distancesOf((await judgedImages(classifier, before)).features) : null;

  step('nearest training images');
  const some = Math.min(NEAREST, rows);
  // Drawn, because test images may be ordered: the first 5,000 of MNIST are another population than the last.
  const held = stream.of('held-out').permutation(test.n).slice(0, some);
  const near = await nearestImages(images.subarray(0, some * size), train.images, shape);
  const heldOut = await nearestImages(gatherImages(test.images, shape, held), train.images, shape);

  const { classes } = generator;
  const labels = Uint8Array.from({ length: rows }, (_, row) => row % (classes ?? 1));
  const score =
    classes === undefined
      ? null
      : await classifierScore(
          dataset,
          { images, labels, n: rows },
          {
            // A quarter of the judge's steps, for a part of its images.
            config: { ...classifier.config, updates: Math.ceil(classifier.config.updates / 4) },
            stream: stream.of('classifier-score'),
            onProgress: (what, { update, updates }) => onStatus(`${what}: update ${update} of ${updates}`),
            signal,
          },
        );
  return {
    rows,
    distances,
    floor,
    untrained: start,
    timesNearer: start && (start.frechet - floor.frechet) / (distances.frechet - floor.frechet),
    classes: classHistogram(generated.probs, classNames.length),
    realClasses: classHistogram(real.probs, classNames.length),
    memorisation: memorisation(near.distances, heldOut.distances),
    classAgreement: classes === undefined ? null : agreement(generated, labels, classes),
    classifierScore: score,
  };
}

/** Share of rows whose likeliest class is the one asked for. */
function agreement({ probs }: JudgedImages, asked: Uint8Array, classes: number): number {
  const seen = predictedClasses(probs, classes);
  return asked.filter((label, row) => seen[row] === label).length / asked.length;
}

function checkFit({ shape, classes, kind }: Generator, dataset: Dataset): void {
  if (shape.join() !== dataset.shape.join()) {
    throw new RangeError(
      `evaluateGenerator.dataset: expected images of [${shape.join(', ')}], which ${kind} makes, got [${dataset.shape.join(', ')}]`,
    );
  }
  if (classes !== undefined && classes !== dataset.classNames.length) {
    throw new RangeError(
      `evaluateGenerator.dataset: expected ${classes} classes, which ${kind} has, got ${dataset.classNames.length}`,
    );
  }
}
