/**
 * How an experiment uses the images of the pool that nobody labelled: for all of its strategies alike.
 */
import { z } from 'zod';
import { IndexConfig } from '../../../matching/indexes/config.ts';
import type { TaskModelConfig } from '../task-model/config.ts';

export const DeepClusterConfig = z.strictObject({
  kind: z
    .literal('deep-cluster')
    .describe('Learn the numbers of clusters of its own features (Caron et al. 2018), without any label'),
  clustersPerClass: z
    .int()
    .min(1)
    .default(5)
    .describe('Clusters for every class of the data set. Default: the code of Simeoni et al. 2021'),
  epochs: z
    .int()
    .min(1)
    .default(20)
    .describe('Times the images are clustered and learnt. Default: our choice; Simeoni et al. 2021 take 400'),
  updates: z
    .int()
    .min(1)
    .optional()
    .describe('Training steps after each clustering; one pass over the images if left out'),
  batch: z
    .int()
    .min(1)
    .default(128)
    .describe('Images a training step. Default: the code of Simeoni et al. 2021'),
  learningRate: z
    .number()
    .positive()
    .default(0.02)
    .describe(
      'Step size of gradient descent, momentum 0.9 but for the last layer. Default: the code of Simeoni et al. 2021',
    ),
  weightDecay: z
    .number()
    .nonnegative()
    .default(1e-5)
    .describe('L2 penalty per kernel, as in the training of a round. Default: Caron et al. 2018'),
  iterations: z
    .int()
    .min(1)
    .default(10)
    .describe('Iterations of k-means at most. Default: the code of Simeoni et al. 2021'),
});

const labelledShare = z
  .number()
  .gt(0)
  .lt(1)
  .default(50 / 128)
  .describe(
    'Share of each mini-batch that is labelled images, the rest being pseudo-labelled ones. Default: 50 of 128, Iscen et al. ' +
      '2019 and Simeoni et al. 2021 (who take 10 of 64 with batches of 100 labels)',
  );

export const ConfidenceConfig = z.strictObject({
  kind: z.literal('confidence').describe('The classes of which the model is most certain'),
  threshold: z
    .number()
    .gt(0)
    .max(1)
    .default(0.95)
    .describe('Least probability of the likeliest class. Default: Sohn et al. 2020 (FixMatch)'),
  atMost: z
    .int()
    .min(1)
    .optional()
    .describe('Most images of each class, the most certain first; no limit if left out'),
  labelledShare,
});

export const LabelPropagationConfig = z.strictObject({
  kind: z
    .literal('label-propagation')
    .describe('The classes that reach an image along a graph of near neighbours (Iscen et al. 2019)'),
  neighbours: z.int().min(1).default(50).describe('Neighbours of an image. Default: Iscen et al. 2019'),
  gamma: z.number().positive().default(3).describe('Power of the cosine. Default: Iscen et al. 2019'),
  alpha: z.number().min(0).lt(1).default(0.99).describe('How far labels spread. Default: Iscen et al. 2019'),
  share: z
    .number()
    .gt(0)
    .max(1)
    .default(0.5)
    .describe(
      'Share of the unlabelled images that is drawn, in proportion to 1 - H / ln C, and learnt. Default: the code of Simeoni ' +
        'et al. 2021',
    ),
  index: IndexConfig.prefault({ kind: 'exact' }).describe(
    'How neighbours are found. Default: exact, whose time grows with the square of the pool; hnsw suits large ones',
  ),
  labelledShare,
});

export const PseudoLabelConfig = z.discriminatedUnion('kind', [ConfidenceConfig, LabelPropagationConfig]);

export const UnlabelledConfig = z
  .strictObject({
    pretraining: z
      .discriminatedUnion('kind', [DeepClusterConfig])
      .optional()
      .describe(
        'What the network learns from all images before the first round, once a seed; nothing if left out',
      ),
    pseudoLabels: PseudoLabelConfig.optional().describe(
      'Labels that the model of every round gives to unlabelled images, and is trained anew with; none if left out',
    ),
  })
  .refine(({ pretraining, pseudoLabels }) => pretraining !== undefined || pseudoLabels !== undefined, {
    message: 'expected "pretraining", "pseudoLabels" or both, got neither',
  });

/** The options with every default written out. */
export type UnlabelledConfig = z.output<typeof UnlabelledConfig>;
export type DeepClusterConfig = z.output<typeof DeepClusterConfig>;
export type PseudoLabelConfig = z.output<typeof PseudoLabelConfig>;
export type ConfidenceConfig = z.output<typeof ConfidenceConfig>;
export type LabelPropagationConfig = z.output<typeof LabelPropagationConfig>;

/** Why this task model cannot use unlabelled images by such options; undefined if it can. */
export function unlabelledProblem(classifier: TaskModelConfig): string | undefined {
  if (classifier.kind === 'm2') {
    return 'expected a network that learns from labels alone (mlp, lenet, conv13, vgg, resnet18), got m2, which learns from unlabelled images as it is';
  }
  if (classifier.kind === 'linear-svm') {
    return 'expected a network (mlp, lenet, conv13, vgg, resnet18), got linear-svm, which has neither layers to pre-train nor probabilities';
  }
  if (classifier.batch < 2)
    return `expected a classifier with a "batch" of at least 2, got ${classifier.batch}`;
  return undefined;
}
