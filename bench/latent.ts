/**
 * `npm run bench -- latent`: gradient steps on latents through a frozen generator and discriminator, as a latent
 * search makes them. Counts the operations of a step that leaves out all weight gradients, so that a rate near
 * that of the training step shows that none are computed.
 */
import * as tf from '@tensorflow/tfjs';
import { DcganConfig } from '../generators/config.ts';
import { discriminateImages, generateImages } from '../generators/dcgan-networks.ts';
import { createDcganTraining, disposeDcganTraining } from '../generators/dcgan-step.ts';
import { Adam } from '../src/backend/adam.ts';
import { measureMatmulRate } from '../src/backend/matmul-rate.ts';
import { rootStream } from '../src/random.ts';
import type { StepsResult } from './steps.ts';
import { median, timed } from './timing.ts';

const LATENTS = 50;
const STEPS = 100;
const SHAPE = [28, 28, 1] as const;

/** Times 100 steps on 50 latents on the backend chosen before. */
export async function benchLatentSteps(): Promise<StepsResult> {
  const stream = rootStream(1).of('bench');
  const config = DcganConfig.parse({ kind: 'dcgan' });
  const training = createDcganTraining(config, SHAPE, stream.of('training'));
  const { architecture, generator, discriminator } = training;
  const start = tf.tensor2d(stream.of('latents').normals(LATENTS * config.latentSize), [
    LATENTS,
    config.latentSize,
  ]);
  const latents = tf.variable(start);
  const adam = new Adam([latents], { learningRate: 0.05 });
  const by = { by: 'running' } as const;
  try {
    const step = () => {
      const { value, grads } = tf.variableGrads(() => {
        const images = generateImages(architecture, generator, latents as tf.Tensor as tf.Tensor2D, by);
        return tf.mean(tf.square(discriminateImages(architecture, discriminator, images, by))) as tf.Scalar;
      }, [latents]);
      adam.apply(grads);
      tf.dispose(grads);
      return [value];
    };
    await timed(step);
    const rates: number[] = [];
    const times: number[] = [];
    for (let i = 0; i < STEPS; i++) {
      if (i % 10 === 0) rates.push(await measureMatmulRate(5));
      times.push(await timed(step));
    }
    const matmulGflops = median(rates);
    const ms = median(times);
    // Forward and gradient by inputs through both networks, 4 passes of one large and one small convolution.
    const convolutions = 2 * LATENTS * 25 * (49 * 128 * 64 + 196 * 64);
    const dense = 2 * LATENTS * 6272 * (100 + 1);
    const gflop = (4 * convolutions + 2 * dense) / 1e9;
    const gflops = gflop / (ms / 1e3);
    const timing = { step: `latent step, ${LATENTS} latents (${STEPS} steps)`, ms, gflop, gflops };
    return { matmulGflops, steps: [{ ...timing, shareOfMatmul: gflops / matmulGflops }] };
  } finally {
    disposeDcganTraining(training);
    adam.dispose();
    tf.dispose([start, latents]);
  }
}
