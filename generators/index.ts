/**
 * Generative models: training, saving, loading and drawing from them.
 */
export { Autoencoder, autoencoderModel } from './autoencoder.ts';
export { AutoencoderConfig } from './autoencoder-config.ts';
export { GeneratorConfig } from './config.ts';
export { Dcgan, dcganModel } from './dcgan.ts';
export { DcganConfig } from './dcgan-config.ts';
export type { DcganArchitecture } from './dcgan-networks.ts';
export {
  createDcganTraining,
  type DcganTraining,
  dcganStep,
  disposeDcganTraining,
  type GanLosses,
} from './dcgan-step.ts';
export type { Generator } from './generator.ts';
export { LayersGenerator } from './layers-model.ts';
export { generatorFiles, loadGenerator } from './load.ts';
export { M2, m2Model } from './m2.ts';
export { M2Config, M2Weighting } from './m2-config.ts';
export { type Model, openSaved } from './model.ts';
export type { TrainingData } from './origin.ts';
export { GRID_IMAGES, reconstructImages, sampleImages } from './sample.ts';
export type { Losses, StepBatch, TrainableGenerator, TrainingState } from './trainable.ts';
export { type TrainingOptions, type TrainingProgress, trainGenerator } from './training.ts';
export { Vae, vaeModel } from './vae.ts';
export { VaeConfig } from './vae-config.ts';
export { WganGp, wganGpModel } from './wgan-gp.ts';
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
