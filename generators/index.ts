/**
 * Generative models: training, saving, loading and drawing from them.
 */
export { DcganConfig, GeneratorConfig } from './config.ts';
export { Dcgan, TrainableDcgan } from './dcgan.ts';
export type { DcganArchitecture } from './dcgan-networks.ts';
export { createDcganTraining, type DcganTraining, dcganStep, disposeDcganTraining } from './dcgan-step.ts';
export type { Generator } from './generator.ts';
export { loadGenerator } from './load.ts';
export { sampleImages } from './sample.ts';
export type { GanLosses, Losses, TrainableGenerator, TrainingState } from './trainable.ts';
export { GRID_IMAGES, type TrainingOptions, type TrainingProgress, trainGenerator } from './training.ts';
export { TrainableWganGp, WganGp } from './wgan-gp.ts';
export { WganGpConfig } from './wgan-gp-config.ts';
export type { WganGpArchitecture } from './wgan-gp-networks.ts';
export {
  type CriticLosses,
  createWganGpTraining,
  criticStep,
  disposeWganGpTraining,
  generatorStep,
  type WganGpTraining,
} from './wgan-gp-step.ts';
