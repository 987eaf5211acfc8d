/**
 * The models there are, by `kind`. A new model is added here and in `config.ts`.
 */
import type { ImageShape } from '../src/datasets/dataset.ts';
import { imageSize } from '../src/datasets/dataset.ts';
import type { Stream } from '../src/random.ts';
import { autoencoderModel } from './autoencoder.ts';
import type { GeneratorConfig } from './config.ts';
import { dcganModel } from './dcgan.ts';
import { m2Model } from './m2.ts';
import type { Model } from './model.ts';
import type { TrainingData } from './origin.ts';
import type { ImageCounts, TrainableGenerator } from './trainable.ts';
import { vaeModel } from './vae.ts';
import { wganGpModel } from './wgan-gp.ts';

type Kind = GeneratorConfig['kind'];
type ConfigOf<K extends Kind> = Extract<GeneratorConfig, { kind: K }>;

const zoo: { readonly [K in Kind]: Model<ConfigOf<K>, never> } = {
  dcgan: dcganModel,
  'wgan-gp': wganGpModel,
  vae: vaeModel,
  m2: m2Model,
  autoencoder: autoencoderModel,
};

/** Whether a model of this kind learns from labels; false for a kind that there is not. */
export function takesLabels(kind: string): boolean {
  return Object.hasOwn(zoo, kind) && zoo[kind as Kind].takesLabels;
}

/** The model that a config is of. */
export function modelOf(config: GeneratorConfig): Model<GeneratorConfig, string> {
  // The compiler does not see that the model and its config are of the same kind.
  return zoo[config.kind] as unknown as Model<GeneratorConfig, string>;
}

/**
 * A fresh model to train on `data`; its weights come from streams below `stream`. The caller disposes it.
 *
 * @throws RangeError if the model cannot make images of this shape
 */
export function createTrainable(
  config: GeneratorConfig,
  { images, shape, labelled }: TrainingData,
  stream: Stream,
): TrainableGenerator {
  const counts = { images: images.length / imageSize(shape), labelled: labelled?.labels.length ?? 0 };
  return modelOf(config).train(config, shape, counts, stream);
}

/**
 * Says before any work whether a training can be begun.
 *
 * @throws RangeError if the model cannot make images of this shape, there is not one batch of them, or labelled images
 *   are missing or not wanted
 */
export function checkTrainable(
  config: GeneratorConfig,
  shape: ImageShape,
  { images, labelled }: ImageCounts,
): void {
  const { kind, batch } = config;
  if (images < batch) {
    throw new RangeError(`${kind}.batch: expected at most the ${images} images, got ${batch}`);
  }
  const { takesLabels, shapes } = modelOf(config);
  if (!takesLabels && labelled > 0) {
    throw new RangeError(`${kind}: expected no labelled images, since it learns from none, got ${labelled}`);
  }
  if (config.kind === 'm2' && labelled < config.labelledBatch) {
    throw new RangeError(
      `${kind}.labelledBatch: expected at most the ${labelled} labelled images, got ${config.labelledBatch}`,
    );
  }
  shapes(config, shape);
}
