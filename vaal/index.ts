/**
 * `genal/vaal`: strategies that train a variational autoencoder and a discriminator, to score the pool or to copy images.
 */

export { createBgadl } from './bgadl.ts';
export { BgadlConfig } from './bgadl-config.ts';
export { createDiscriminative } from './discriminative.ts';
export { DiscriminativeConfig } from './discriminative-config.ts';
export { discriminateCodes, discriminatorShapes } from './discriminator.ts';
export { createLatentCombination } from './latent-combination.ts';
export { LatentCombinationConfig } from './latent-combination-config.ts';
export { createLearningLoss } from './learning-loss.ts';
export { LearningLossConfig } from './learning-loss-config.ts';
export { createM2Farthest } from './m2-farthest.ts';
export { createM2Vaal } from './m2-vaal.ts';
export { M2VaalConfig } from './m2-vaal-config.ts';
export { createM2WeightedConfidence } from './m2-weighted-confidence.ts';
export { M2WeightedConfidenceConfig } from './m2-weighted-confidence-config.ts';
export { createNormScore } from './norm-score.ts';
export { NormScoreConfig } from './norm-score-config.ts';
export { RoundM2Config } from './round-m2-config.ts';
export { createTaVaal } from './ta-vaal.ts';
export { TaVaalConfig } from './ta-vaal-config.ts';
export { createVaal } from './vaal.ts';
export { VaalConfig, VaalFaithful } from './vaal-config.ts';
export { activeUnits, areaUnderCurve } from './vaal-evidence.ts';
export {
  createVaalTraining,
  discriminatorUpdate,
  disposeVaalTraining,
  type VaalBatch,
  type VaalTraining,
  type VaeUpdateLosses,
  vaeUpdate,
} from './vaal-step.ts';
