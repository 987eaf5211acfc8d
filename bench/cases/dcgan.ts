/** One DCGAN training step: a discriminator update and a generator update, at the paper's width. */
import * as tf from '@tensorflow/tfjs';
import { DcganConfig } from '../../generators/dcgan-config.ts';
import { createDcganTraining, dcganStep, disposeDcganTraining } from '../../generators/dcgan-step.ts';
import { KERNEL_SIZE } from '../../generators/layers.ts';
import { variablesOf } from '../../generators/network.ts';
import { graphStep } from '../../src/backend/graph-step.ts';
import type { ImageShape } from '../../src/datasets/dataset.ts';
import type { CaseSize, StepCase } from './case.ts';
import { readAll } from './read.ts';

export type DcganSizes = Pick<DcganConfig, 'batch' | 'latentSize' | 'channels'>;

interface Full {
  readonly shape: ImageShape;
  readonly channels: readonly number[];
  readonly batch: number;
}

/** The default network: `[128, 64]` channels on 28 x 28. */
export const dcgan28: StepCase = dcganCase('dcgan-28', {
  shape: [28, 28, 1],
  channels: [128, 64],
  batch: 64,
});
export const dcgan28Wide: StepCase = dcganCase('dcgan-28-512', {
  shape: [28, 28, 1],
  channels: [128, 64],
  batch: 512,
});
/** Three levels on 32 x 32 in colour, for GPUs. */
export const dcgan32: StepCase = dcganCase('dcgan-32', {
  shape: [32, 32, 3],
  channels: [256, 128, 64],
  batch: 64,
});
export const dcgan32Wide: StepCase = dcganCase('dcgan-32-512', {
  shape: [32, 32, 3],
  channels: [256, 128, 64],
  batch: 512,
});

function dcganCase(name: string, full: Full): StepCase {
  const sizes = (size: CaseSize): Full =>
    size === 'full' ? full : { ...full, shape: [8, 8, 1], channels: [4, 3], batch: 6 };
  return {
    name,
    describe: (size) => {
      const { shape, channels, batch } = sizes(size);
      return `DCGAN ${shape.join(' x ')}, channels ${channels.join(', ')}, batch ${batch}: both updates`;
    },
    create: (size, stream) => {
      const { shape, channels, batch } = sizes(size);
      const config = DcganConfig.parse({ kind: 'dcgan', channels, batch });
      const { latentSize } = config;
      const training = createDcganTraining(config, shape, stream.of('training'));
      const pixels = batch * tf.util.sizeFromShape([...shape]);
      const reals = tf.tensor4d(stream.of('reals').uniforms(pixels), [batch, ...shape]);
      const latents = tf.tensor2d(stream.of('latents').normals(batch * latentSize), [batch, latentSize]);
      const update = graphStep((inputs: { reals: tf.Tensor4D; latents: tf.Tensor2D }) =>
        dcganStep(training, inputs.reals, inputs.latents),
      );
      return {
        gflop: dcganFlop(config, shape) / 1e9,
        step: () => readAll(update({ reals, latents })),
        variables: {
          ...variablesOf('generator', training.generator),
          ...variablesOf('discriminator', training.discriminator),
        },
        optimisers: { generator: training.generatorAdam, discriminator: training.discriminatorAdam },
        dispose: () => {
          update.dispose();
          disposeDcganTraining(training);
          tf.dispose([reals, latents]);
        },
      };
    },
  };
}

/**
 * Useful operations of one DCGAN step. A convolution between maps of `positions` (the coarser side) and the next
 * level costs `2 n positions 25 channels nextChannels`, a dense layer `2 n inputs outputs`, and either costs the
 * same again for its gradient by inputs and for that by weights.
 *
 * Generator: a forward pass that both updates share, then the gradients by weights, and by inputs but for the
 * latents: `3 G - dense`. Discriminator, its own update: real and fake, forward and by weights and by inputs but
 * for the images: `2 (3 D - first)`. The generator's update: forward and by inputs only, `2 D`. Together
 * `3 G - dense + 8 D - 2 first`, 14.6 GFLOP at the default sizes. Elementwise work is not counted.
 */
export function dcganFlop(
  { batch, latentSize, channels }: DcganSizes,
  [height, width, imageChannels]: ImageShape,
): number {
  const factor = 2 ** channels.length;
  const features = (height / factor) * (width / factor) * (channels[0] as number);
  const levels = dcganConvolutions({ batch, channels }, [height, width, imageChannels]);
  const convolution = levels.reduce((sum, flop) => sum + flop, 0);
  const dense = 2 * batch * latentSize * features;
  const generator = dense + convolution;
  const discriminator = convolution + 2 * batch * features;
  const first = levels.at(-1) as number;
  return 3 * generator - dense + 8 * discriminator - 2 * first;
}

/**
 * Operations of one pass through each convolution, from the coarsest level to the finest. The same shapes occur in
 * both networks, mirrored: the last is the discriminator's first.
 */
export function dcganConvolutions(
  { batch, channels }: Pick<DcganSizes, 'batch' | 'channels'>,
  [height, width, imageChannels]: ImageShape,
): number[] {
  return channels.map((count, level) => {
    const scale = 2 ** (channels.length - level);
    const next = channels[level + 1] ?? imageChannels;
    return 2 * batch * (height / scale) * (width / scale) * KERNEL_SIZE ** 2 * count * next;
  });
}
