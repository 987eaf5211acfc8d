/**
 * The options of every strategy, as they stand in a config file. They meet here because strategies live in several places.
 */
import { z } from 'zod';
import { BgadlConfig } from '../../../vaal/bgadl-config.ts';
import { DiscriminativeConfig } from '../../../vaal/discriminative-config.ts';
import { LatentCombinationConfig } from '../../../vaal/latent-combination-config.ts';
import { LearningLossConfig } from '../../../vaal/learning-loss-config.ts';
import { M2VaalConfig } from '../../../vaal/m2-vaal-config.ts';
import { M2WeightedConfidenceConfig } from '../../../vaal/m2-weighted-confidence-config.ts';
import { NormScoreConfig } from '../../../vaal/norm-score-config.ts';
import { RoundM2Config } from '../../../vaal/round-m2-config.ts';
import { TaVaalConfig } from '../../../vaal/ta-vaal-config.ts';
import { VaalConfig } from '../../../vaal/vaal-config.ts';
import { MonteCarloConfig } from '../../acquisition/monte-carlo-config.ts';
import { ActiveClassSelectionConfig } from '../../acquisition/strategies/active-class-selection-config.ts';
import { AsalConfig } from '../../acquisition/strategies/asal-config.ts';
import { CealConfig } from '../../acquisition/strategies/ceal-config.ts';
import { CoreSetConfig } from '../../acquisition/strategies/core-set-config.ts';
import { DbalConfig } from '../../acquisition/strategies/dbal-config.ts';
import { ExpectedErrorReductionConfig } from '../../acquisition/strategies/expected-error-reduction-config.ts';
import { InformationDensityConfig } from '../../acquisition/strategies/information-density-config.ts';
import { QueryByCommitteeConfig } from '../../acquisition/strategies/query-by-committee-config.ts';
import { StreamConfig } from '../../acquisition/strategies/stream-config.ts';
import { TypiclustConfig } from '../../acquisition/strategies/typiclust-config.ts';
import { VarianceReductionConfig } from '../../acquisition/strategies/variance-reduction-config.ts';
import { GaalConfig } from '../../queries/config.ts';

const name = z
  .string()
  .regex(/^[a-z0-9][a-z0-9.-]*$/, 'expected lower-case letters, digits, dots and hyphens')
  .optional()
  .describe('Label in tables and folders; the kind if left out');

export const StrategyConfig = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('random'), name }),
  z.strictObject({ kind: z.literal('uncertainty'), name }),
  z.strictObject({ kind: z.literal('least-confidence'), name }),
  z.strictObject({ kind: z.literal('margin'), name }),
  z.strictObject({ kind: z.literal('entropy'), name }),
  CoreSetConfig.extend({ kind: z.literal('core-set'), name }),
  z.strictObject({ kind: z.literal('badge'), name }),
  DbalConfig.extend({ kind: z.literal('dbal'), name }),
  InformationDensityConfig.extend({ kind: z.literal('information-density'), name }),
  TypiclustConfig.extend({ kind: z.literal('typiclust'), name }),
  z.strictObject({ kind: z.literal('expected-gradient-length'), name }),
  ExpectedErrorReductionConfig.extend({ kind: z.literal('expected-error-reduction'), name }),
  VarianceReductionConfig.extend({ kind: z.literal('variance-reduction'), name }),
  ActiveClassSelectionConfig.extend({ kind: z.literal('active-class-selection'), name }),
  MonteCarloConfig.extend({ kind: z.literal('bald'), name }),
  MonteCarloConfig.extend({ kind: z.literal('variation-ratios'), name }),
  MonteCarloConfig.extend({ kind: z.literal('mean-std'), name }),
  MonteCarloConfig.extend({ kind: z.literal('mc-entropy'), name }),
  CealConfig.extend({ kind: z.literal('ceal'), name }),
  StreamConfig.extend({ kind: z.literal('stream'), name }),
  QueryByCommitteeConfig.extend({ kind: z.literal('query-by-committee'), name }),
  GaalConfig.extend({ kind: z.literal('gaal'), name }),
  AsalConfig.extend({ kind: z.literal('asal'), name }),
  DiscriminativeConfig.extend({ kind: z.literal('discriminative'), name }),
  LearningLossConfig.extend({ kind: z.literal('learning-loss'), name }),
  VaalConfig.extend({ kind: z.literal('vaal'), name }),
  TaVaalConfig.extend({ kind: z.literal('ta-vaal'), name }),
  BgadlConfig.extend({ kind: z.literal('bgadl'), name }),
  M2VaalConfig.extend({ kind: z.literal('m2-vaal'), name }),
  RoundM2Config.extend({ kind: z.literal('m2-farthest'), name }),
  M2WeightedConfidenceConfig.extend({ kind: z.literal('m2-weighted-confidence'), name }),
  NormScoreConfig.extend({ kind: z.literal('norm-score'), name }),
  LatentCombinationConfig.extend({ kind: z.literal('latent-combination'), name }),
]);

export type StrategyConfig = z.output<typeof StrategyConfig>;
