/**
 * From a strategy's config to the strategy.
 */
import type { Strategy, StrategyResources } from '../strategy.ts';
import type { StrategyConfig } from './config.ts';
import { createGaal } from './gaal.ts';
import { createRandom } from './random.ts';
import { createUncertainty } from './uncertainty.ts';

/** Whether the strategy synthesises images, and so waits for a generator and a reference classifier. */
export function synthesises(config: Pick<StrategyConfig, 'kind'>): boolean {
  return config.kind === 'gaal';
}

/** Error if the strategy needs a generator and none is given. */
export function createStrategy(config: StrategyConfig, { generator }: StrategyResources): Strategy {
  switch (config.kind) {
    case 'random':
      return createRandom();
    case 'uncertainty':
      return createUncertainty();
    case 'gaal': {
      if (generator === undefined) {
        throw new Error('createStrategy.generator: expected a trained generator for gaal, got none');
      }
      return createGaal(config, { generator });
    }
  }
}
