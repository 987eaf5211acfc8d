/**
 * Query synthesis by latent optimisation: moves latents through a frozen generator until the task model finds
 * the images they decode to hard.
 *
 * Source: Zhu and Bento 2017, "Generative Adversarial Active Learning" (arXiv:1702.07956):
 * `min_z |w . phi(G(z)) + b|`, phi the identity.
 * Reference code: billzhaox/PyTorch-GAAL@86cc05e, which runs one L-BFGS search a query from a fresh draw and
 * redraws until one converges.
 * Differs: Adam over all queries of a round in one batch, a fixed number of steps and of starts, so that the
 * cost is known and the search always ends; the square of the distance is descended; latents stay where the
 * prior has its mass; what is kept is judged on the bytes that the oracle will see.
 */
import * as tf from '@tensorflow/tfjs';
import type { Generator } from '../../generators/generator.ts';
import type { Classifier } from '../classifiers/classifier.ts';
import { fromModelRange, imageSize, imageTensor } from '../datasets/dataset.ts';
import type { Stream } from '../random.ts';
import { checkInteger } from '../shapes.ts';
import { descend, standingOf } from './descent.ts';
import { OBJECTIVES, type ObjectiveName, objectiveOf } from './objectives.ts';
import { constrainNorms, normBand, PRIORS, type Prior } from './prior.ts';

export interface SearchOptions {
  /** Images to synthesise. */
  readonly queries: number;
  /** What is minimised. */
  readonly objective?: ObjectiveName;
  /** Gradient steps a start. */
  readonly steps?: number;
  /** Starts a query, of which the best is kept. */
  readonly restarts?: number;
  /** Adam step size, in latent units. */
  readonly learningRate?: number;
  /** Where latents may go. */
  readonly prior?: Prior;
  /** How far from `sqrt(latentSize)` their norm may lie. */
  readonly priorWidth?: number;
  /** Weight of `closeness` against the mean of what is descended; 0 switches it off. */
  readonly diversityWeight?: number;
}

/**
 * The defaults of {@link searchLatents}. Measured on MNIST 5 against 7 with a linear SVM of 50 labels, and a DCGAN
 * of 400 updates or a dense VAE of 2000 as generator, 40 starts; shares are of the mean distance at the start.
 *
 * - Steps: at 25, 50, 100 and 200 steps 1e-2, 3e-3, 2e-4 and 1e-6 are left, at any step size in [0.02, 0.2].
 *   Rounding to bytes leaves 2e-3, so more than 100 steps are wasted.
 * - What is descended: at 200 steps the distance itself is stuck at 1e-4, its square at 1e-6.
 * - Step size: at 0.02 a few starts need all 100 steps to get near; from 0.1 on latents drift to the edge of the
 *   shell (DCGAN: mean norm 10.1, 10.3, 10.8, 11.9 at 0.02, 0.05, 0.1, 0.2).
 * - Restarts: a linear SVM needs none, every start arrives. They are for networks, whose searches may get
 *   stuck, and choose among bytes: 4 in place of 1 leave less than half of the distance there.
 * - Diversity: 0.1 raises the mean pairwise distance of 10 queries from 0.36 to 0.59 (DCGAN) and leaves 1e-2.
 */
export const SEARCH_DEFAULTS = {
  objective: 'boundary',
  steps: 100,
  restarts: 4,
  learningRate: 0.05,
  prior: 'shell',
  // 2.8 standard deviations of the norm: 99.5 % of all draws from the prior lie inside.
  priorWidth: 2,
  diversityWeight: 0,
} as const satisfies Omit<Required<SearchOptions>, 'queries'>;

/** What a search found, on the host, one row a query, in the order of the queries. */
export interface LatentSearch {
  readonly queries: number;
  readonly objective: ObjectiveName;
  /** `[queries, latentSize]` */
  readonly latents: Float32Array;
  /** Bytes `[queries, height, width, channels]`. */
  readonly images: Uint8Array;
  /** Bytes of what each query's first start decodes to: unsearched samples of the generator. */
  readonly startImages: Uint8Array;
  /** The objective of each query's first start, whichever start was kept; of the float image. */
  readonly objectiveStart: Float32Array;
  /** The objective of `latents`, of the float image. */
  readonly objectiveEnd: Float32Array;
  /** The objective of `images`, the bytes that the oracle is shown and the task model trained on. */
  readonly objectiveEndQuantised: Float32Array;
  /** 1 if at some step the kept search's best class was another than at its start, else 0. */
  readonly crossed: Uint8Array;
}

/**
 * Searches `queries` latents z that minimise the objective of `classifier.scores(generator.generate(z))`.
 *
 * Each query has `restarts` starts, drawn from N(0, I) and brought into the prior's band like every later
 * point. All are descended in one batch for `steps` steps of Adam; the best point that each start has seen is
 * kept, its own start included, and of a query's starts the one whose bytes have the lowest objective (of equal
 * ones the first). Without diversity no query depends on another, nor on how many there are, but for rounding.
 *
 * With `diversityWeight` w the r-th starts of all queries form one candidate batch. Each descends
 * `mean_i descended_i + w closeness(images)`, its best point is a whole batch, and the best batch is kept.
 *
 * @param stream start r of query i is drawn from the stream below it named `latents, i, r`
 * @returns host arrays; nothing to dispose
 * @throws RangeError for an option out of range, or if generator and classifier differ in image shape
 * @throws Error if no start of a query leads to finite scores
 */
export async function searchLatents(
  generator: Generator,
  classifier: Classifier,
  stream: Stream,
  options: SearchOptions,
): Promise<LatentSearch> {
  const settings = checkOptions(options);
  checkSameShape(generator, classifier);
  const { queries, restarts, objective } = settings;
  const { latentSize } = generator;
  const band = normBand(settings.prior, latentSize, settings.priorWidth);

  const held: tf.Tensor[] = [];
  const hold = <T extends tf.Tensor>(tensor: T): T => {
    held.push(tensor);
    return tensor;
  };
  try {
    const starts = hold(
      tf.tidy(() => constrainNorms(drawStarts(stream, queries, restarts, latentSize), band)),
    );
    const found = await descend(generator, classifier, starts, { ...settings, band });
    hold(found.latents);
    hold(found.crossed);
    const firstStarts = hold(tf.slice(starts, [0, 0], [queries, latentSize]));
    const start = await evaluate(generator, classifier, firstStarts, settings);
    const end = await evaluate(generator, classifier, found.latents, settings);
    const rows = chooseRows(end, settings);
    return {
      queries,
      objective,
      latents: pickRows(Float32Array.from(await found.latents.data()), rows, latentSize),
      images: pickRows(end.images, rows, imageSize(generator.shape)),
      startImages: start.images,
      objectiveStart: start.objective,
      objectiveEnd: pickRows(end.objective, rows, 1),
      objectiveEndQuantised: pickRows(end.objectiveQuantised, rows, 1),
      crossed: pickRows(Uint8Array.from(await found.crossed.data()), rows, 1),
    };
  } finally {
    tf.dispose(held);
  }
}

type Settings = Required<SearchOptions>;

/** `[restarts * queries, latentSize]`, all first starts before all second ones. */
function drawStarts(stream: Stream, queries: number, restarts: number, latentSize: number): tf.Tensor2D {
  const values = new Float32Array(restarts * queries * latentSize);
  for (let row = 0; row < restarts * queries; row++) {
    const start = stream.of('latents', row % queries, Math.floor(row / queries));
    values.set(start.normals(latentSize), row * latentSize);
  }
  return tf.tensor2d(values, [restarts * queries, latentSize]);
}

interface Evaluation {
  readonly images: Uint8Array;
  /** `[rows]` of the float images, and of their bytes. */
  readonly objective: Float32Array;
  readonly objectiveQuantised: Float32Array;
  /** What was descended, in the shape of `standingOf`, flattened; of the float images, and of their bytes. */
  readonly standing: Float32Array;
  readonly standingQuantised: Float32Array;
}

async function evaluate(
  generator: Generator,
  classifier: Classifier,
  latents: tf.Tensor2D,
  settings: Settings,
): Promise<Evaluation> {
  const judge = (images: tf.Tensor4D): [tf.Tensor, tf.Tensor] => {
    const scores = classifier.scores(images);
    return [objectiveOf(settings.objective, scores), standingOf(scores, images, settings)];
  };
  const [images, objective, standing] = tf.tidy((): [tf.Tensor, tf.Tensor, tf.Tensor] => {
    const decoded = generator.generate(latents);
    return [decoded, ...judge(decoded)];
  });
  const bytes = fromModelRange(await read(images));
  const [objectiveQuantised, standingQuantised] = tf.tidy(() => judge(imageTensor(bytes, generator.shape)));
  return {
    images: bytes,
    objective: await read(objective),
    objectiveQuantised: await read(objectiveQuantised),
    standing: await read(standing),
    standingQuantised: await read(standingQuantised),
  };
}

/** A tensor's values, the tensor disposed. */
async function read(tensor: tf.Tensor): Promise<Float32Array> {
  try {
    return Float32Array.from(await tensor.data());
  } finally {
    tensor.dispose();
  }
}

/** The row kept for each query: of its starts, or of all batches of starts under diversity, the lowest. */
function chooseRows(
  { standing, standingQuantised }: Evaluation,
  { queries, restarts, diversityWeight }: Settings,
): number[] {
  return Array.from({ length: queries }, (_, query) => {
    let kept: number | undefined;
    let lowest = Number.POSITIVE_INFINITY;
    for (let restart = 0; restart < restarts; restart++) {
      const at = diversityWeight === 0 ? restart * queries + query : restart;
      const value = standingQuantised[at] as number;
      // Bytes cannot hold NaN, so only the float image tells whether the models broke down.
      if (Number.isFinite(standing[at]) && value < lowest) {
        lowest = value;
        kept = restart * queries + query;
      }
    }
    if (kept === undefined) {
      throw new Error(
        `searchLatents: expected finite class scores of generated images, got none for query ${query}`,
      );
    }
    return kept;
  });
}

function pickRows<T extends Float32Array | Uint8Array>(values: T, rows: readonly number[], size: number): T {
  const picked = values.slice(0, rows.length * size) as T;
  rows.forEach((row, position) => {
    picked.set(values.subarray(row * size, (row + 1) * size), position * size);
  });
  return picked;
}

function checkOptions(options: SearchOptions): Settings {
  const settings: Settings = { ...SEARCH_DEFAULTS, ...options };
  checkInteger('searchLatents.queries', settings.queries, 1);
  checkInteger('searchLatents.steps', settings.steps, 0);
  checkInteger('searchLatents.restarts', settings.restarts, 1);
  checkName('objective', settings.objective, OBJECTIVES);
  checkName('prior', settings.prior, PRIORS);
  if (!(settings.learningRate > 0 && Number.isFinite(settings.learningRate))) {
    throw new RangeError(
      `searchLatents.learningRate: expected a positive number, got ${settings.learningRate}`,
    );
  }
  for (const name of ['priorWidth', 'diversityWeight'] as const) {
    if (!(settings[name] >= 0 && Number.isFinite(settings[name]))) {
      throw new RangeError(`searchLatents.${name}: expected a number of at least 0, got ${settings[name]}`);
    }
  }
  return settings;
}

function checkName(option: string, name: string, known: readonly string[]): void {
  if (!known.includes(name)) {
    throw new RangeError(`searchLatents.${option}: expected one of ${known.join(', ')}, got ${name}`);
  }
}

function checkSameShape(generator: Generator, classifier: Classifier): void {
  if (!tf.util.arraysEqual([...generator.shape], [...classifier.shape])) {
    throw new RangeError(
      `searchLatents.generator: expected images [${classifier.shape.join(', ')}] as the classifier takes, got ` +
        `[${generator.shape.join(', ')}]`,
    );
  }
}
