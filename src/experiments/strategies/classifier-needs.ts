/**
 * What a strategy asks of the task model, told before any work starts.
 */
import type { TaskModelConfig } from '../../acquisition/task-model/config.ts';
import type { StrategyConfig } from './config.ts';

/** Strategies that draw networks by dropout. */
const MONTE_CARLO: readonly StrategyConfig['kind'][] = ['bald', 'variation-ratios', 'mean-std', 'mc-entropy'];

/** Why the strategy cannot work with this task model; undefined if it can. */
export function classifierProblem(strategy: StrategyConfig, classifier: TaskModelConfig): string | undefined {
  if (MONTE_CARLO.includes(strategy.kind) && !hasDropout(classifier)) {
    return `expected a classifier with "dropout" (lenet, conv13, vgg, resnet18) for ${strategy.kind}, got ${classifier.kind} without`;
  }
  if (strategy.kind === 'query-by-committee' && classifier.kind === 'm2') {
    return 'expected a classifier that learns from labels alone for query-by-committee, which trains several on the labels, got m2';
  }
  if (strategy.kind === 'query-by-committee' && classifier.kind === 'linear-svm' && !strategy.bagging) {
    return 'expected "bagging" for a committee of linear-svm, which are all the same on the same labels, got none';
  }
  return undefined;
}

function hasDropout(classifier: TaskModelConfig): boolean {
  if (classifier.kind === 'conv13' || classifier.kind === 'vgg' || classifier.kind === 'resnet18') {
    return classifier.dropout > 0;
  }
  if (classifier.kind !== 'lenet' || classifier.dropout === undefined) return false;
  return classifier.dropout.pooling > 0 || classifier.dropout.dense > 0;
}
