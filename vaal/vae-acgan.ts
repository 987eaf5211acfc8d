/**
 * A VAE-ACGAN for one round: trained from scratch on the labelled images, then asked for copies of some of them.
 */
import * as tf from '@tensorflow/tfjs';
import { sampleGaussians } from '../generators/mlp-terms.ts';
import { graphStep } from '../src/backend/graph-step.ts';
import { fromModelRange, type ImageShape, imageSize, type Split } from '../src/datasets/dataset.ts';
import type { Stream } from '../src/random.ts';
import { checkInteger } from '../src/shapes.ts';
import type { BgadlConfig } from './bgadl-config.ts';
import { endlessBatches, imagesOf, splitRows } from './image-rows.ts';
import { inBlocks } from './round-model.ts';
import {
  createVaeAcgan,
  decodeImages,
  disposeVaeAcgan,
  encodeImages,
  type VaeAcganBatch,
  type VaeAcganTraining,
  vaeAcganStep,
} from './vae-acgan-step.ts';

const INFERENCE = { by: 'running' } as const;
/** Steps queued before the losses are read, which waits for the device and finds a training that broke. */
const READ_EVERY = 50;

/** A trained VAE-ACGAN. */
export interface VaeAcgan {
  /** What was minimised in the last step's updates. */
  readonly losses: Readonly<Record<'encoder' | 'decoder' | 'discriminator', number>>;
  /**
   * `g(e(x), y)` of images `x` under labels `y`, bytes `[n, height, width, channels]`: in inference mode, so that no copy
   * depends on another.
   *
   * @param stream draws the codes, if they are drawn
   */
  copies(images: Split, stream: Stream): Promise<Uint8Array>;
  dispose(): void;
}

/**
 * Trains all three networks from scratch.
 *
 * @param stream everything random comes from streams below it: `weights`, `order`, and `latents` by step
 * @returns a model the caller disposes
 * @throws RangeError if there are no images, or they cannot be halved as often as the discriminator does; Error naming the
 *   step if a loss stops being finite
 */
export async function trainVaeAcgan(
  config: BgadlConfig,
  labelled: Split,
  { shape, classes }: { readonly shape: ImageShape; readonly classes: number },
  stream: Stream,
): Promise<VaeAcgan> {
  checkInteger('trainVaeAcgan.labelled.n', labelled.n, 1);
  const training = createVaeAcgan(config, shape, classes, stream.of('weights'));
  try {
    const losses = await runSteps(training, labelled, stream);
    return {
      losses,
      copies: (images, draws) => copiesOf(training, images, draws),
      dispose: () => disposeVaeAcgan(training),
    };
  } catch (error) {
    disposeVaeAcgan(training);
    throw error;
  }
}

async function runSteps(
  training: VaeAcganTraining,
  labelled: Split,
  stream: Stream,
): Promise<VaeAcgan['losses']> {
  const { config, shape } = training;
  const { batch, steps, latentSize } = config;
  const images = splitRows(labelled, shape);
  const nextRows = endlessBatches(
    Array.from({ length: labelled.n }, (_, row) => row),
    batch,
    stream.of('order'),
  );
  const step = graphStep((inputs: VaeAcganBatch) => ({ ...vaeAcganStep(training, inputs) }));
  let last = { encoder: Number.NaN, decoder: Number.NaN, discriminator: Number.NaN };
  try {
    for (let number = 1; number <= steps; number++) {
      const rows = nextRows(number - 1);
      const noise = (name: string) =>
        tf.tensor2d(stream.of('latents', number, name).normals(batch * latentSize), [batch, latentSize]);
      const losses = tf.tidy(() =>
        step({
          images: imagesOf(images, rows, shape),
          labels: tf.tensor1d(
            rows.map((row) => labelled.labels[row] as number),
            'int32',
          ),
          prior: noise('prior'),
          ofEncoder: noise('encoder'),
          ofDecoder: noise('decoder'),
          ofDiscriminator: noise('discriminator'),
        }),
      );
      try {
        if (number % READ_EVERY === 0 || number === steps) {
          last = await valuesOf(losses);
          const broken = Object.entries(last).find(([, loss]) => !Number.isFinite(loss));
          if (broken !== undefined) {
            throw new Error(
              `trainVaeAcgan, ${broken[0]}: expected a finite loss, got ${broken[1]} in step ${number}`,
            );
          }
        }
      } finally {
        tf.dispose(losses);
      }
    }
    return last;
  } finally {
    step.dispose();
  }
}

async function valuesOf(losses: Readonly<Record<'encoder' | 'decoder' | 'discriminator', tf.Scalar>>) {
  const value = async (loss: tf.Scalar) => (await loss.data())[0] as number;
  return {
    encoder: await value(losses.encoder),
    decoder: await value(losses.decoder),
    discriminator: await value(losses.discriminator),
  };
}

async function copiesOf(training: VaeAcganTraining, split: Split, stream: Stream): Promise<Uint8Array> {
  const { shape, config } = training;
  const { latentSize } = config;
  const size = imageSize(shape);
  const bytes = new Uint8Array(split.n * size);
  // Row by row, so that a copy does not depend on how many there are.
  const noise =
    config.codes === 'sampled'
      ? stream.normals(split.n * latentSize)
      : new Float32Array(split.n * latentSize);
  await inBlocks(
    splitRows(split, shape),
    Array.from({ length: split.n }, (_, row) => row),
    shape,
    undefined,
    (images, rows) =>
      tf.tidy(() => {
        const labels = tf.tensor1d(
          rows.map((row) => split.labels[row] as number),
          'int32',
        );
        const draws = new Float32Array(rows.length * latentSize);
        rows.forEach((row, place) => {
          draws.set(noise.subarray(row * latentSize, (row + 1) * latentSize), place * latentSize);
        });
        const posteriors = encodeImages(training, images, INFERENCE);
        const codes = sampleGaussians(posteriors, tf.tensor2d(draws, [rows.length, latentSize]));
        return decodeImages(training, codes, labels, INFERENCE);
      }),
    (values, first) => {
      bytes.set(fromModelRange(values), first * size);
    },
  );
  return bytes;
}
