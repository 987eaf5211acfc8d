/**
 * From a strategy's config to the strategy.
 */
import type { Generator } from '../../../generators/generator.ts';
import { createBgadl } from '../../../vaal/bgadl.ts';
import { createDiscriminative } from '../../../vaal/discriminative.ts';
import { createLatentCombination } from '../../../vaal/latent-combination.ts';
import { createLearningLoss } from '../../../vaal/learning-loss.ts';
import { createM2Farthest } from '../../../vaal/m2-farthest.ts';
import { createM2Vaal } from '../../../vaal/m2-vaal.ts';
import { createM2WeightedConfidence } from '../../../vaal/m2-weighted-confidence.ts';
import { createNormScore } from '../../../vaal/norm-score.ts';
import { createTaVaal } from '../../../vaal/ta-vaal.ts';
import { createVaal } from '../../../vaal/vaal.ts';
import { createActiveClassSelection } from '../../acquisition/strategies/active-class-selection.ts';
import { createAsal } from '../../acquisition/strategies/asal.ts';
import { createBadge } from '../../acquisition/strategies/badge.ts';
import { createBald } from '../../acquisition/strategies/bald.ts';
import { createCeal } from '../../acquisition/strategies/ceal.ts';
import { createCoreSet } from '../../acquisition/strategies/core-set.ts';
import { createDbal } from '../../acquisition/strategies/dbal.ts';
import { createEntropy } from '../../acquisition/strategies/entropy.ts';
import { createExpectedErrorReduction } from '../../acquisition/strategies/expected-error-reduction.ts';
import { createExpectedGradientLength } from '../../acquisition/strategies/expected-gradient-length.ts';
import { createGaal } from '../../acquisition/strategies/gaal.ts';
import { createInformationDensity } from '../../acquisition/strategies/information-density.ts';
import { createLeastConfidence } from '../../acquisition/strategies/least-confidence.ts';
import { createMargin } from '../../acquisition/strategies/margin.ts';
import { createMcEntropy } from '../../acquisition/strategies/mc-entropy.ts';
import { createMeanStd } from '../../acquisition/strategies/mean-std.ts';
import { createQueryByCommittee } from '../../acquisition/strategies/query-by-committee.ts';
import { createRandom } from '../../acquisition/strategies/random.ts';
import { createStream } from '../../acquisition/strategies/stream.ts';
import { createTypiclust } from '../../acquisition/strategies/typiclust.ts';
import { createUncertainty } from '../../acquisition/strategies/uncertainty.ts';
import { createVarianceReduction } from '../../acquisition/strategies/variance-reduction.ts';
import { createVariationRatios } from '../../acquisition/strategies/variation-ratios.ts';
import type { Strategy, StrategyResources } from '../../acquisition/strategy.ts';
import type { StrategyConfig } from './config.ts';

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
    case 'least-confidence':
      return createLeastConfidence();
    case 'margin':
      return createMargin();
    case 'entropy':
      return createEntropy();
    case 'core-set':
      return createCoreSet(config);
    case 'badge':
      return createBadge();
    case 'dbal':
      return createDbal(config);
    case 'information-density':
      return createInformationDensity(config);
    case 'typiclust':
      return createTypiclust(config);
    case 'expected-gradient-length':
      return createExpectedGradientLength();
    case 'expected-error-reduction':
      return createExpectedErrorReduction(config);
    case 'variance-reduction':
      return createVarianceReduction(config);
    case 'active-class-selection':
      return createActiveClassSelection(config);
    case 'bald':
      return createBald(config);
    case 'variation-ratios':
      return createVariationRatios(config);
    case 'mean-std':
      return createMeanStd(config);
    case 'mc-entropy':
      return createMcEntropy(config);
    case 'ceal':
      return createCeal(config);
    case 'stream':
      return createStream(config);
    case 'query-by-committee':
      return createQueryByCommittee(config);
    case 'gaal':
      return createGaal(config, { generator: generatorIn(resources, config.kind) });
    case 'asal':
      return createAsal(config, {
        generator: generatorIn(resources, config.kind),
        matcher: resources.matcher,
      });
    case 'discriminative':
      return createDiscriminative(config);
    case 'learning-loss':
      return createLearningLoss(config);
    case 'vaal':
      return createVaal(config);
    case 'ta-vaal':
      return createTaVaal(config);
    case 'bgadl':
      return createBgadl(config);
    case 'm2-vaal':
      return createM2Vaal(config);
    case 'm2-farthest':
      return createM2Farthest(config);
    case 'm2-weighted-confidence':
      return createM2WeightedConfidence(config);
    case 'norm-score':
      return createNormScore(config);
    case 'latent-combination':
      return createLatentCombination(config);
  }
}

function generatorIn({ generator }: StrategyResources, kind: string): Generator {
  if (generator === undefined) {
    throw new Error(`createStrategy.generator: expected a trained generator for ${kind}, got none`);
  }
  return generator;
}
