/**
 * From a strategy's config to the strategy.
 */
import type { Generator } from '../../../generators/generator.ts';
import type { Strategy, StrategyResources } from '../strategy.ts';
import { createAsal } from './asal.ts';
import type { StrategyConfig } from './config.ts';
import { createGaal } from './gaal.ts';
import { createRandom } from './random.ts';
import { createUncertainty } from './uncertainty.ts';

/**
 * Whether the strategy synthesises images, and so waits for a generator, and for a reference classifier that reads them:
 * as its oracle, or to see whether a match shows what was synthesised.
 */
export function synthesises(
  config: StrategyConfig,
): config is Extract<StrategyConfig, { kind: 'gaal' | 'asal' }> {
  return config.kind === 'gaal' || config.kind === 'asal';
}

/** Error if the strategy needs a generator or a matcher and none is given. */
export function createStrategy(config: StrategyConfig, resources: StrategyResources): Strategy {
  switch (config.kind) {
    case 'random':
      return createRandom();
    case 'uncertainty':
      return createUncertainty();
    case 'gaal':
      return createGaal(config, { generator: generatorIn(resources, config.kind) });
    case 'asal':
      return createAsal(config, {
        generator: generatorIn(resources, config.kind),
        matcher: resources.matcher,
      });
  }
}

function generatorIn({ generator }: StrategyResources, kind: string): Generator {
  if (generator === undefined) {
    throw new Error(`createStrategy.generator: expected a trained generator for ${kind}, got none`);
  }
  return generator;
}
