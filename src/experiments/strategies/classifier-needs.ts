/**
 * What a strategy asks of the task model, told before any work starts.
 */
import type { TaskModelConfig } from '../../acquisition/task-model/config.ts';
import type { StrategyConfig } from './config.ts';

/** Strategies that draw networks by dropout. */
const MONTE_CARLO: readonly StrategyConfig['kind'][] = [
  'bald',
  'variation-ratios',
  'mean-std',
  'mc-entropy',
  'bgadl',
];

/** Strategies that ask the task model if it is M2, or else train an M2 of their own. */
const ON_M2 = ['m2-farthest', 'm2-weighted-confidence', 'norm-score', 'latent-combination'] as const;

/** Why the strategy cannot work with this task model; undefined if it can. */
export function classifierProblem(strategy: StrategyConfig, classifier: TaskModelConfig): string | undefined {
  if (MONTE_CARLO.includes(strategy.kind) && !hasDropout(classifier)) {
    return `expected a classifier with "dropout" (lenet, conv13, vgg, resnet18) for ${strategy.kind}, got ${classifier.kind} without`;
  }
  if (asksM2(strategy) && strategy.m2 === undefined && classifier.kind !== 'm2') {
    return `expected a classifier of kind m2 for ${strategy.kind}, or an M2 of its own under "m2", got ${classifier.kind}`;
  }
  if (strategy.kind === 'm2-vaal' && strategy.model === 'task') {
    if (classifier.kind !== 'm2')
      return `expected a classifier of kind m2 for "model" task, got ${classifier.kind}`;
    if (strategy.adversary !== 0 || strategy.discriminate !== 'after') {
      return `expected "adversary" 0 and "discriminate" after for "model" task, got ${strategy.adversary} and ${strategy.discriminate}`;
    }
  }
  if (strategy.kind === 'active-class-selection' && classifier.kind === 'm2') {
    return 'expected a classifier that learns from labels alone for active-class-selection, which cross-validates it on them, got m2';
  }
  if (strategy.kind === 'query-by-committee' && classifier.kind === 'm2') {
    return 'expected a classifier that learns from labels alone for query-by-committee, which trains several on the labels, got m2';
  }
  if (strategy.kind === 'query-by-committee' && classifier.kind === 'linear-svm' && !strategy.bagging) {
    return 'expected "bagging" for a committee of linear-svm, which are all the same on the same labels, got none';
  }
  return undefined;
}

function asksM2(
  strategy: StrategyConfig,
): strategy is Extract<StrategyConfig, { kind: (typeof ON_M2)[number] }> {
  return ON_M2.some((kind) => kind === strategy.kind);
}

function hasDropout(classifier: TaskModelConfig): boolean {
  if (classifier.kind === 'conv13' || classifier.kind === 'vgg' || classifier.kind === 'resnet18') {
    return classifier.dropout > 0;
  }
  if (classifier.kind !== 'lenet' || classifier.dropout === undefined) return false;
  return classifier.dropout.pooling > 0 || classifier.dropout.dense > 0;
}
