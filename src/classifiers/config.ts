/**
 * What a task model is and how it is trained. All strategies of an experiment share one of these, and every
 * count below is a count of steps, never of epochs: a strategy with fewer labels trains as long as any other.
 */
import { z } from 'zod';
import { Conv13Config, Resnet18Config, VggConfig } from './deep-config.ts';
import { AugmentConfig, updates } from './training-config.ts';

const network = {
  batch: z
    .int()
    .min(1)
    .default(32)
    .describe(
      'Images a training step; drawn without replacement within a pass, the next pass filling the rest. ' +
        'Default: our choice, small because labelled sets are',
    ),
  learningRate: z
    .number()
    .positive()
    .default(1e-3)
    .describe('Adam step size. Default: Kingma and Ba 2015, section 2'),
  weightDecay: z
    .number()
    .nonnegative()
    .default(5e-4)
    .describe(
      'L2 penalty per kernel: weightDecay / 2 x the sum of squares is added to the mean loss; biases are ' +
        "free. Default: Caffe's LeNet solver (lenet_solver.prototxt)",
    ),
  augment: AugmentConfig,
};

export const LinearSvmConfig = z.strictObject({
  kind: z
    .literal('linear-svm')
    .describe('Linear support vector machine on pixels, one hyperplane against the rest'),
  loss: z
    .enum(['hinge', 'squared-hinge'])
    .default('hinge')
    .describe('max(0, 1 - y f) or its square. Default: hinge, as in GAAL (Zhu and Bento 2017)'),
  C: z
    .number()
    .positive()
    .default(0.25)
    .describe(
      'Weight of the summed losses against half the squared norm of the weights, for pixels in [-1, 1]. ' +
        'Default: 0.25, which on [-1, 1] is the same machine as C = 1 on [0, 1] (see linear-svm.ts)',
    ),
  biasScale: z
    .number()
    .positive()
    .default(10)
    .describe(
      'Value of the constant feature whose weight is the bias; the bias is penalised by its square over the ' +
        'square of this. Default: our choice, large enough that the bias is nearly free (see linear-svm.ts)',
    ),
  updates: updates(
    100_000,
    'Dual coordinate steps a hyperplane, each the cost of one image. Default: our choice, exact to 1e-4 for a few ' +
      'hundred labels; all 11,686 of MNIST 5 and 7 take 2 million, and stopping sooner regularises',
  ),
});

export const MlpConfig = z.strictObject({
  kind: z.literal('mlp').describe('Fully connected network, ReLU'),
  hidden: z
    .array(z.int().min(1))
    .min(1)
    .default([128])
    .describe('Units of each hidden layer, from the image to the classes. Default: our choice'),
  updates: updates(1000, 'Training steps. Default: our choice'),
  ...network,
});

export const LenetConfig = z.strictObject({
  kind: z.literal('lenet').describe('Two convolutions of 5 x 5, each max-pooled, and two dense layers, ReLU'),
  widths: z
    .tuple([z.int().min(1), z.int().min(1), z.int().min(1)])
    .default([20, 50, 128])
    .describe(
      "Filters of the first and of the second convolution, units of the hidden layer. Default: Caffe's " +
        'LeNet (20, 50) with 128 for its 500 hidden units, which few labels cannot use',
    ),
  dropout: z
    .strictObject({
      pooling: z
        .number()
        .min(0)
        .max(0.95)
        .default(0.25)
        .describe('Share of the values after the last pooling. Default: Gal, Islam and Ghahramani 2017'),
      dense: z
        .number()
        .min(0)
        .max(0.95)
        .default(0.5)
        .describe('Share of the units of the hidden layer. Default: Gal, Islam and Ghahramani 2017'),
    })
    .optional()
    .describe(
      'What a training step leaves out at random, and what the strategies of Monte Carlo dropout draw networks by. If left ' +
        'out, nothing is',
    ),
  updates: updates(300, 'Training steps. Default: our choice'),
  ...network,
});

export const ClassifierConfig = z
  .discriminatedUnion('kind', [
    LinearSvmConfig,
    MlpConfig,
    LenetConfig,
    Conv13Config,
    VggConfig,
    Resnet18Config,
  ])
  .describe('The task model and its training, shared by all strategies');

/** A task model's configuration with every default written out. */
export type ClassifierConfig = z.output<typeof ClassifierConfig>;
export type LinearSvmConfig = z.output<typeof LinearSvmConfig>;
export type MlpConfig = z.output<typeof MlpConfig>;
export type LenetConfig = z.output<typeof LenetConfig>;
