/** One critic update of a WGAN-GP, gradient penalty included, at the reference's width. */
import * as tf from '@tensorflow/tfjs';
import { KERNEL_SIZE } from '../../generators/layers.ts';
import { variablesOf } from '../../generators/network.ts';
import { WganGpConfig } from '../../generators/wgan-gp-config.ts';
import { wganGpSides } from '../../generators/wgan-gp-networks.ts';
import { createWganGpTraining, criticStep, disposeWganGpTraining } from '../../generators/wgan-gp-step.ts';
import { graphStep } from '../../src/backend/graph-step.ts';
import type { ImageShape } from '../../src/datasets/dataset.ts';
import type { CaseSize, StepCase } from './case.ts';
import { readAll } from './read.ts';

const SHAPE: ImageShape = [28, 28, 1];

const SIZES: Readonly<Record<CaseSize, { readonly batch: number; readonly width: number }>> = {
  full: { batch: 50, width: 64 },
  tiny: { batch: 2, width: 2 },
};

export const wganGpCritic: StepCase = {
  name: 'wgan-gp-critic',
  describe: (size) => {
    const { batch, width } = SIZES[size];
    return `WGAN-GP ${SHAPE.join(' x ')}, width ${width}, batch ${batch}: a critic update with its penalty`;
  },
  create: (size, stream) => {
    const config = WganGpConfig.parse({ kind: 'wgan-gp', ...SIZES[size] });
    const { batch, latentSize } = config;
    const training = createWganGpTraining(config, SHAPE, stream.of('training'));
    const pixels = batch * tf.util.sizeFromShape([...SHAPE]);
    const uniforms = stream
      .of('reals')
      .uniforms(pixels)
      .map((value) => 2 * value - 1);
    const reals = tf.tensor4d(uniforms, [batch, ...SHAPE]);
    const latents = tf.tensor2d(stream.of('latents').normals(batch * latentSize), [batch, latentSize]);
    const mixing = tf.tensor1d(stream.of('mixing').uniforms(batch));
    const inputs = { reals, latents, mixing };
    const update = graphStep((tensors: typeof inputs) =>
      criticStep(training, tensors.reals, tensors.latents, tensors.mixing),
    );
    return {
      gflop: criticStepFlop(config, SHAPE) / 1e9,
      step: () => readAll(update(inputs)),
      variables: variablesOf('critic', training.critic),
      optimisers: { critic: training.criticAdam },
      dispose: () => {
        update.dispose();
        disposeWganGpTraining(training);
        tf.dispose([reals, latents, mixing]);
      },
    };
  },
};

/**
 * Useful operations of one critic update. A convolution between maps of `positions` (the coarser side) and the next
 * level costs `2 n positions 25 channels nextChannels`, a dense layer `2 n inputs outputs`, and either costs the
 * same again for its gradient by inputs and for that by weights. Let `C` be the three convolutions on `n` images,
 * `F` the first of them, and `S` the score's dense layer.
 *
 * Generated images: a forward pass of the generator, whose convolutions cost `C` too: `dense + C`.
 * Scores of real and generated images: forward, by weights, and by inputs but for the images: `2 (3 (C + S) - F)`.
 * Penalty: forward for the signs that the slopes of the leaky ReLUs depend on, `C`; the gradient by inputs down to the
 * image, `C`; and the derivative of that gradient, which is linear in each layer's weights and in what comes from
 * the layer above: by the latter, an ordinary convolution, `C`, and by weights, `C`. Signs are flat, so nothing goes
 * back through the forward pass; the score's layer enters as its weights alone. Together `4 C`.
 *
 * In all `dense + 11 C + 6 S - 2 F`, 25.8 GFLOP at full size. Elementwise work is not counted.
 */
export function criticStepFlop(
  { batch, width, latentSize }: Pick<WganGpConfig, 'batch' | 'width' | 'latentSize'>,
  shape: ImageShape,
): number {
  const sides = wganGpSides(shape);
  const levels = [4, 2, 1].map((multiple, level) => {
    const [rows, columns] = sides[level] as readonly [number, number];
    const finer = multiple === 1 ? shape[2] : (width * multiple) / 2;
    return 2 * batch * rows * columns * KERNEL_SIZE ** 2 * width * multiple * finer;
  });
  const [[rows, columns]] = sides as [readonly [number, number]];
  const features = rows * columns * width * 4;
  const convolutions = levels.reduce((sum, flop) => sum + flop, 0);
  const dense = 2 * batch * latentSize * features;
  const score = 2 * batch * features;
  const first = levels.at(-1) as number;
  return dense + 11 * convolutions + 6 * score - 2 * first;
}
