/**
 * `npm run bench -- steps`: how fast one training step of each model runs, as a share of the machine's own
 * matrix product.
 *
 * Only useful operations are counted, two for a multiply-add, from the shapes of the layers. Rounds of matrix
 * products and of the step take turns in one process, so that both see the same machine, and medians are
 * reported.
 */
import * as tf from '@tensorflow/tfjs';
import { DcganConfig } from '../generators/config.ts';
import { createDcganTraining, dcganStep, disposeDcganTraining } from '../generators/dcgan-step.ts';
import { KERNEL_SIZE } from '../generators/layers.ts';
import { measureMatmulRate } from '../src/backend/matmul-rate.ts';
import { rootStream } from '../src/random.ts';
import { median, timed } from './timing.ts';

const ROUNDS = 9;
const SHAPE = [28, 28, 1] as const;

/** The paper's network at full width: the defaults. */
const CONFIG = DcganConfig.parse({ kind: 'dcgan' });

export interface StepTiming {
  readonly step: string;
  /** Median of one step. */
  readonly ms: number;
  /** Useful operations a step, in 10^9. */
  readonly gflop: number;
  readonly gflops: number;
  /** `gflops` over the median rate of a 1024 x 1024 product in the same run. */
  readonly shareOfMatmul: number;
}

export interface StepsResult {
  readonly matmulGflops: number;
  readonly steps: readonly StepTiming[];
}

/** Times the steps on the backend chosen before. */
export async function benchSteps(): Promise<StepsResult> {
  const stream = rootStream(1).of('bench');
  const { batch, latentSize } = CONFIG;
  const training = createDcganTraining(CONFIG, SHAPE, stream.of('training'));
  const pixels = batch * SHAPE[0] * SHAPE[1] * SHAPE[2];
  const reals = tf.tensor4d(stream.of('reals').uniforms(pixels), [batch, ...SHAPE]);
  const latents = tf.tensor2d(stream.of('latents').normals(batch * latentSize), [batch, latentSize]);
  try {
    const rates: number[] = [];
    const times: number[] = [];
    const step = () => {
      const { generatorLoss, discriminatorLoss } = dcganStep(training, reals, latents);
      return [generatorLoss, discriminatorLoss];
    };
    await timed(step);
    await timed(step);
    for (let round = 0; round < ROUNDS; round++) {
      rates.push(await measureMatmulRate(9));
      times.push(await timed(step));
    }
    const matmulGflops = median(rates);
    const ms = median(times);
    const gflop = dcganFlop(CONFIG, SHAPE) / 1e9;
    const gflops = gflop / (ms / 1e3);
    const timing = { step: `dcgan-28 batch ${batch}`, ms, gflop, gflops };
    return { matmulGflops, steps: [{ ...timing, shareOfMatmul: gflops / matmulGflops }] };
  } finally {
    disposeDcganTraining(training);
    tf.dispose([reals, latents]);
  }
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
  { batch, latentSize, channels }: Pick<DcganConfig, 'batch' | 'latentSize' | 'channels'>,
  [height, width, imageChannels]: readonly [number, number, number],
): number {
  const factor = 2 ** channels.length;
  const features = (height / factor) * (width / factor) * (channels[0] as number);
  // The same shapes in both networks, mirrored. The last is the discriminator's first.
  const convolutions = channels.map((count, level) => {
    const scale = 2 ** (channels.length - level);
    const next = channels[level + 1] ?? imageChannels;
    return 2 * batch * (height / scale) * (width / scale) * KERNEL_SIZE ** 2 * count * next;
  });
  const convolution = convolutions.reduce((sum, flop) => sum + flop, 0);
  const dense = 2 * batch * latentSize * features;
  const generator = dense + convolution;
  const discriminator = convolution + 2 * batch * features;
  const first = convolutions.at(-1) as number;
  return 3 * generator - dense + 8 * discriminator - 2 * first;
}
