/** One training step of a variational autoencoder of dense layers. */
import * as tf from '@tensorflow/tfjs';
import { VaeConfig } from '../../generators/vae-config.ts';
import {
  createVaeTraining,
  disposeVaeTraining,
  type VaeNoise,
  vaeStep,
  vaeVariables,
} from '../../generators/vae-step.ts';
import { graphStep } from '../../src/backend/graph-step.ts';
import type { ImageShape } from '../../src/datasets/dataset.ts';
import type { CaseSize, StepCase } from './case.ts';
import { readAll } from './read.ts';

interface Sizes {
  readonly shape: ImageShape;
  readonly hidden: readonly number[];
  readonly latentSize: number;
  readonly batch: number;
}

const SIZES: Readonly<Record<CaseSize, Sizes>> = {
  full: { shape: [28, 28, 1], hidden: [500], latentSize: 50, batch: 200 },
  tiny: { shape: [6, 6, 1], hidden: [7], latentSize: 3, batch: 8 },
};

/** The default network on binarised 28 x 28 images. */
export const vae: StepCase = {
  name: 'vae-500-50',
  describe: (size) => {
    const { shape, hidden, latentSize, batch } = SIZES[size];
    const pixels = tf.util.sizeFromShape([...shape]);
    return `VAE ${pixels}-${hidden.join('-')}-${latentSize}, binarised pixels, batch ${batch}: one update`;
  },
  create: (size, stream) => {
    const { shape, hidden, latentSize, batch } = SIZES[size];
    const config = VaeConfig.parse({ kind: 'vae', network: { kind: 'mlp', hidden }, latentSize, batch });
    const training = createVaeTraining(config, shape, stream.of('training'));
    const count = batch * tf.util.sizeFromShape([...shape]);
    const inRange = (name: string) => {
      const values = stream.of(name).uniforms(count);
      return tf.tensor4d(
        values.map((value) => 2 * value - 1),
        [batch, ...shape],
      );
    };
    const images = inRange('images');
    const noise = {
      latents: tf.tensor2d(stream.of('latents').normals(batch * latentSize), [batch, latentSize]),
      pixels: inRange('pixels'),
    };
    const update = graphStep((inputs: { images: tf.Tensor4D; noise: VaeNoise }) =>
      vaeStep(training, inputs.images, inputs.noise),
    );
    return {
      gflop: vaeFlop(SIZES[size]) / 1e9,
      step: () => readAll({ ...update({ images, noise }) }),
      variables: vaeVariables(training),
      optimisers: { adam: training.adam },
      dispose: () => {
        update.dispose();
        disposeVaeTraining(training);
        tf.dispose([images, noise.latents, noise.pixels]);
      },
    };
  },
};

/**
 * Useful operations of one step. A dense layer costs `2 n inputs outputs`, and the same again for its gradient by
 * weights and, but for the first, by inputs. The encoder ends in twice the latents: their means and log-variances.
 */
export function vaeFlop({ shape, hidden, latentSize, batch }: Sizes): number {
  const pixels = tf.util.sizeFromShape([...shape]);
  const last = hidden.at(-1) ?? 0;
  const between = hidden.slice(1).reduce((sum, units, i) => sum + units * (hidden[i] as number), 0);
  const first = pixels * (hidden[0] ?? 0);
  const encoder = first + between + last * 2 * latentSize;
  const decoder = latentSize * last + between + first;
  return 2 * batch * (3 * (encoder + decoder) - first);
}
