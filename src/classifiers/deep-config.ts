/**
 * The deeper networks with batch norm, each with the training of the paper that it stands for.
 */
import { z } from 'zod';
import { deepTraining, updates } from './training-config.ts';

const width = z.int().min(1);

const dropout = (byDefault: number, what: string) =>
  z.number().min(0).max(0.95).default(byDefault).describe(what);

export const Conv13Config = z.strictObject({
  kind: z.literal('conv13').describe('The 13-layer convolutional network of Laine and Aila 2017'),
  widths: z
    .tuple([width, width, width, width, width])
    .default([128, 256, 512, 256, 128])
    .describe(
      'Filters of the first three convolutions, of the second three, and of each of the last three. Default: Laine and Aila ' +
        '2017, table 5',
    ),
  dropout: dropout(
    0.5,
    'Share of the values after either pooling that a training step leaves out. Default: Laine and Aila 2017, table 5',
  ),
  updates: updates(
    6250,
    'Training steps. Default: 200 passes over 1,000 images in batches of 32, as Simeoni et al. 2019',
  ),
  ...deepTraining({
    source: 'Simeoni et al. 2019',
    batch: 32,
    learningRate: 0.2,
    nesterov: true,
    weightDecay: 2e-4,
    // 200 epochs of a cosine of 210.
    schedule: { kind: 'cosine', period: 1.05 },
  }),
});

export const VggConfig = z.strictObject({
  kind: z.literal('vgg').describe('VGG with batch norm'),
  groups: z
    .array(z.array(width).min(1))
    .min(1)
    .max(6)
    .default([
      [64, 64],
      [128, 128],
      [256, 256, 256],
      [512, 512, 512],
      [512, 512, 512],
    ])
    .describe('Filters of the convolutions of each group. Default: VGG16, as VAAL (Sinha et al. 2019)'),
  hidden: z
    .array(width)
    .default([])
    .describe(
      'Units of the dense layers before the last. Default: none, which for images of 32 x 32 is what the features call for; ' +
        "VAAL's code has two of 4096",
    ),
  dropout: dropout(
    0,
    'Share of the units of each hidden dense layer, or of the features if there is none, that a training step leaves out. ' +
      "Default: none; VAAL's code drops half the units of its dense layers",
  ),
  updates: updates(
    39_062,
    "Training steps. Default: 100 passes over 50,000 images in batches of 128, VAAL's whatever the number of labels",
  ),
  ...deepTraining({
    source: "VAAL's code (sinhasam/vaal@67263f3 solver.py)",
    batch: 128,
    learningRate: 0.01,
    nesterov: false,
    weightDecay: 5e-4,
    schedule: { kind: 'steps', at: [0.25, 0.5, 0.75], factor: 0.1 },
  }),
});

export const Resnet18Config = z.strictObject({
  kind: z.literal('resnet18').describe('ResNet-18 for small images'),
  widths: z
    .tuple([width, width, width, width])
    .default([64, 128, 256, 512])
    .describe(
      'Filters of each group of blocks; the first are those of the stem too. Default: He et al. 2016, table 1',
    ),
  dropout: dropout(
    0,
    'Share of the features before the last layer that a training step leaves out. Default: none, as He et al. 2016',
  ),
  updates: updates(
    1600,
    'Training steps. Default: 200 passes over 1,000 images in batches of 128, with which Yoo and Kweon 2019 begin',
  ),
  ...deepTraining({
    source: 'Yoo and Kweon 2019, and TA-VAAL (cubeyoung/TA-VAAL config.py)',
    batch: 128,
    learningRate: 0.1,
    nesterov: false,
    weightDecay: 5e-4,
    schedule: { kind: 'steps', at: [0.8], factor: 0.1 },
  }),
});

export type Conv13Config = z.output<typeof Conv13Config>;
export type VggConfig = z.output<typeof VggConfig>;
export type Resnet18Config = z.output<typeof Resnet18Config>;
