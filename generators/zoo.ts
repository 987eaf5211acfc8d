/**
 * The models there are, by `kind`. A new model is added here and in `config.ts`.
 */
import type { ImageShape } from '../src/datasets/dataset.ts';
import type { Stream } from '../src/random.ts';
import type { FloatTensor } from '../src/safetensors.ts';
import type { GeneratorConfig } from './config.ts';
import { Dcgan, TrainableDcgan } from './dcgan.ts';
import { dcganShapes } from './dcgan-networks.ts';
import type { Generator } from './generator.ts';
import type { TrainableGenerator } from './trainable.ts';
import { TrainableWganGp, WganGp } from './wgan-gp.ts';

/**
 * A fresh model to train; its weights come from streams below `stream`. The caller disposes it.
 *
 * @throws RangeError if the model cannot make images of this shape
 */
export function createTrainable(
  config: GeneratorConfig,
  shape: ImageShape,
  stream: Stream,
): TrainableGenerator {
  switch (config.kind) {
    case 'dcgan':
      return new TrainableDcgan(config, shape, stream);
    case 'wgan-gp':
      return new TrainableWganGp(config, shape, stream);
  }
}

/**
 * Says before any work whether a training can be begun.
 *
 * @param images how many there are to train on
 * @throws RangeError if the model cannot make images of this shape, or there is not one batch of them
 */
export function checkTrainable(config: GeneratorConfig, shape: ImageShape, images: number): void {
  if (images < config.batch) {
    throw new RangeError(`${config.kind}.batch: expected at most the ${images} images, got ${config.batch}`);
  }
  // A WGAN-GP makes images of any shape.
  if (config.kind === 'dcgan') dcganShapes({ ...config, shape });
}

/**
 * A trained model from its saved variables. The caller disposes it.
 *
 * @throws RangeError if the variables are not those of the model
 */
export function generatorFromWeights(
  config: GeneratorConfig,
  shape: ImageShape,
  tensors: ReadonlyMap<string, FloatTensor>,
): Generator {
  switch (config.kind) {
    case 'dcgan':
      return Dcgan.fromWeights(config, shape, tensors);
    case 'wgan-gp':
      return WganGp.fromWeights(config, shape, tensors);
  }
}
