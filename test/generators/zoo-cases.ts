/**
 * Every model of the zoo at toy size, one line each, for the tests that hold all models to the same promises.
 */
import * as tf from '@tensorflow/tfjs';
import type { z } from 'zod';
import { GeneratorConfig } from '../../generators/config.ts';
import type { Generator } from '../../generators/generator.ts';
import type { TrainingData } from '../../generators/origin.ts';
import type { StepBatch, TrainableGenerator } from '../../generators/trainable.ts';
import { createTrainable, takesLabels } from '../../generators/zoo.ts';
import { type ImageShape, imageSize } from '../../src/datasets/dataset.ts';
import { rootStream, type Stream } from '../../src/random.ts';

export interface ZooCase {
  readonly name: string;
  readonly shape: ImageShape;
  readonly config: GeneratorConfig;
  /** Names of a step's losses, in the order of the metrics. */
  readonly losses: readonly string[];
}

type ConfigInput = z.input<typeof GeneratorConfig>;

const GAN = ['discriminatorLoss', 'generatorLoss'];
const WGAN = ['criticLoss', 'wasserstein', 'penalty', 'generatorLoss'];
const VAE = ['loss', 'reconstruction', 'divergence'];
const M2 = ['loss', 'labelledBound', 'unlabelledBound', 'classification'];
const dense = { kind: 'mlp' as const, hidden: [6] };
const conv = { kind: 'conv' as const, channels: [3, 4] };
const m2Conv = { kind: 'conv' as const, filters: [3, 4], units: 5, channels: [3, 4], hidden: 5 };
const augmented = { augment: { shift: 1, flip: true }, decay: 'cosine' } as const;
const norms = { generatorNorm: 'batch', criticNorm: 'layer' } as const;
const labelled = { classes: 3, labelledBatch: 3 } as const;

/** What a case is called, its images' shape, the names of its losses, its config without what all have. */
const rows: readonly [string, ImageShape, readonly string[], ConfigInput][] = [
  ['dcgan', [8, 8, 1], GAN, { kind: 'dcgan', latentSize: 4, channels: [4, 3] }],
  ['wgan-gp', [8, 8, 1], WGAN, { kind: 'wgan-gp', latentSize: 3, width: 2, criticSteps: 2 }],
  ['wgan-gp, norms', [6, 5, 3], WGAN, { kind: 'wgan-gp', latentSize: 3, width: 1, criticSteps: 2, ...norms }],
  ['vae', [5, 4, 1], VAE, { kind: 'vae', latentSize: 3, network: dense }],
  ['vae, real', [4, 4, 3], VAE, { kind: 'vae', latentSize: 2, network: dense, likelihood: 'real' }],
  ['vae, conv', [8, 8, 3], VAE, { kind: 'vae', latentSize: 3, network: conv, likelihood: 'gaussian' }],
  ['m2', [5, 4, 1], M2, { kind: 'm2', latentSize: 2, network: dense, ...labelled }],
  ['m2, conv', [8, 8, 1], M2, { kind: 'm2', latentSize: 2, network: m2Conv, ...augmented, ...labelled }],
  ['autoencoder', [8, 8, 1], ['reconstruction'], { kind: 'autoencoder', latentSize: 3, channels: [3, 4] }],
];

export const ZOO: readonly ZooCase[] = rows.map(([name, shape, losses, config]) => ({
  name,
  shape,
  losses,
  config: GeneratorConfig.parse({ batch: 4, learningRate: 0.01, ...config }),
}));

/** Images no two alike, of the model's shape; labelled ones, of every class in turn, where it takes labels. */
export function dataOf({ config, shape }: ZooCase, count = 26, labelled = 9): TrainingData {
  const size = imageSize(shape);
  const bytes = (n: number, factor: number) =>
    Uint8Array.from({ length: n * size }, (_, i) => (i * factor + Math.floor(i / size) * 11) % 256);
  if (!takesLabels(config.kind)) return { images: bytes(count, 37), shape };
  const classes = 'classes' in config ? config.classes : 2;
  return {
    images: bytes(count, 37),
    shape,
    labelled: {
      images: bytes(labelled, 53),
      labels: Uint8Array.from({ length: labelled }, (_, i) => i % classes),
    },
  };
}

/** Images `[n, height, width, channels]`, uniform in [-1, 1]. */
export function imagesOf({ shape }: ZooCase, n: number, stream: Stream): tf.Tensor4D {
  const values = stream.uniforms(n * imageSize(shape)).map((value) => 2 * value - 1);
  return tf.tensor4d(values, [n, ...shape]);
}

export function latentsOf(latentSize: number, n: number, stream: Stream): tf.Tensor2D {
  return tf.tensor2d(stream.normals(n * latentSize), [n, latentSize]);
}

/** What one step takes. */
export function batchOf(each: ZooCase, batchesPerStep: number, stream: Stream): StepBatch {
  const { config } = each;
  const images = imagesOf(each, batchesPerStep * config.batch, stream);
  if (!('labelledBatch' in config)) return { images };
  const n = config.labelledBatch;
  const labels = Array.from({ length: n }, (_, i) => i % config.classes);
  return { images, labelled: { images: imagesOf(each, n, stream), labels: tf.tensor1d(labels, 'int32') } };
}

/** Decay of the averages in these tests. */
export const EMA = 0.75;
export const withEma = (each: ZooCase, ema: number): ZooCase => ({
  ...each,
  config: { ...each.config, ema },
});

/** The model before its first step. */
export function fresh(each: ZooCase, seed = 1): TrainableGenerator {
  return createTrainable(each.config, dataOf(each), rootStream(seed));
}

/** A step on a batch of its own; its losses on the host. */
export async function stepOnce(each: ZooCase, model: TrainableGenerator, step: number) {
  const stream = rootStream(9).of('test', step);
  const batch = batchOf(each, model.batchesPerStep, stream);
  const losses = model.step(batch, stream.of('noise'));
  const read = Object.entries(losses).map(async ([name, loss]) => [name, (await loss.data())[0] as number]);
  const figures = Object.fromEntries(await Promise.all(read)) as Record<string, number>;
  tf.dispose([...tensorsOf(batch), ...Object.values(losses)]);
  return figures;
}

/** After a few steps, so that its images are no constant. */
export async function trained(each: ZooCase, steps = 3): Promise<TrainableGenerator> {
  const model = fresh(each);
  for (let step = 1; step <= steps; step++) await stepOnce(each, model, step);
  return model;
}

export const tensorsOf = ({ images, labelled }: StepBatch) => [images, ...Object.values(labelled ?? {})];

/** Everything a model computes of rows of latents and images, by name, `[n, ...]` each. The caller disposes it. */
export function answersOf(
  model: Generator,
  {
    latents,
    images,
    labels,
  }: { latents: tf.Tensor2D; images: tf.Tensor4D; labels?: tf.Tensor1D | undefined },
): Record<string, tf.Tensor> {
  const features = (model.featureLayers ?? []).map((layer) => [layer, model.features?.(images, layer)]);
  const answers = {
    generate: model.generate(latents, labels),
    encode: model.encode?.(images, labels),
    discriminate: model.discriminate?.(images),
    classify: model.classify?.(images),
    ...Object.fromEntries(features),
  } as Record<string, tf.Tensor | undefined>;
  return Object.fromEntries(Object.entries(answers).filter(([, tensor]) => tensor)) as Record<
    string,
    tf.Tensor
  >;
}

/** Latents, images and, of a model with classes, labels of `n` rows. */
export function inputsOf(each: ZooCase, { latentSize, classes }: Generator, n: number, stream: Stream) {
  const labels =
    classes &&
    tf.tensor1d(
      Int32Array.from({ length: n }, (_, i) => (2 * i + 1) % classes),
      'int32',
    );
  return {
    latents: latentsOf(latentSize, n, stream.of('latents')),
    images: imagesOf(each, n, stream.of('images')),
    labels: labels || undefined,
  };
}

export async function valuesOf(answers: Record<string, tf.Tensor>): Promise<Record<string, number[]>> {
  const read = Object.entries(answers).map(async ([name, tensor]) => [name, [...(await tensor.data())]]);
  return Object.fromEntries(await Promise.all(read));
}
