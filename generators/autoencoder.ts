/**
 * The autoencoder as a model of the zoo. The method itself is in `conv-networks.ts` and `autoencoder-step.ts`.
 */
import * as tf from '@tensorflow/tfjs';
import { graphStep } from '../src/backend/graph-step.ts';
import type { ImageShape } from '../src/datasets/dataset.ts';
import { checkShape } from '../src/shapes.ts';
import type { AutoencoderConfig } from './autoencoder-config.ts';
import {
  type AutoencoderArchitecture,
  autoencoderShapes,
  autoencoderStep,
  createAutoencoderTraining,
  encodeAutoencoder,
} from './autoencoder-step.ts';
import { convDecode, convEncoderLayers, convEncoderMaps } from './conv-networks.ts';
import { layerOf } from './feature-layer.ts';
import type { Generator } from './generator.ts';
import { flatImages, imagesOfMeans } from './mlp-terms.ts';
import { type Model, type Networks, trainable } from './model.ts';
import { disposeNetwork } from './network.ts';

type Name = 'encoder' | 'decoder';

const INFERENCE = { by: 'running' } as const;
/** The layer of features that is the code itself. */
const BOTTLENECK = 'bottleneck';

/**
 * An autoencoder in inference mode: batch norms use the running statistics. It has codes, but no distribution of them to
 * draw from. Disposing it frees its networks.
 */
export class Autoencoder implements Generator {
  readonly kind = 'autoencoder';
  readonly prior = 'none';
  readonly latentSize: number;
  readonly shape: ImageShape;
  /** The encoder's convolutions, then `bottleneck`, the code. */
  readonly featureLayers: readonly string[];
  readonly #architecture: AutoencoderArchitecture;
  readonly #networks: Networks<Name>;

  constructor(architecture: AutoencoderArchitecture, networks: Networks<Name>) {
    this.latentSize = architecture.latentSize;
    this.shape = architecture.shape;
    this.featureLayers = [...convEncoderLayers(architecture), BOTTLENECK];
    this.#architecture = architecture;
    this.#networks = networks;
  }

  /** Images of codes. */
  generate(latents: tf.Tensor2D): tf.Tensor4D {
    checkShape('Autoencoder.generate.latents', latents, [null, this.latentSize]);
    return tf.tidy(() =>
      imagesOfMeans(convDecode(this.#architecture, this.#networks.decoder, latents, INFERENCE), this.shape),
    );
  }

  encode(images: tf.Tensor4D): tf.Tensor2D {
    checkShape('Autoencoder.encode.images', images, [null, ...this.shape]);
    return tf.tidy(() =>
      encodeAutoencoder(this.#architecture, this.#networks.encoder, flatImages(images), INFERENCE),
    );
  }

  features(images: tf.Tensor4D, layer: string): tf.Tensor2D | tf.Tensor4D {
    checkShape('Autoencoder.features.images', images, [null, ...this.shape]);
    if (layer === BOTTLENECK) return this.encode(images);
    return tf.tidy(() =>
      layerOf<tf.Tensor4D>(this.featureLayers, layer, () =>
        convEncoderMaps(this.#architecture, this.#networks.encoder, flatImages(images), INFERENCE),
      ),
    );
  }

  dispose(): void {
    for (const network of Object.values(this.#networks)) disposeNetwork(network);
  }
}

/** Convolutional autoencoder. */
export const autoencoderModel: Model<AutoencoderConfig, Name, Autoencoder> = {
  takesLabels: false,
  shapes: ({ latentSize, channels }, shape) => autoencoderShapes({ latentSize, channels, shape }),
  open: ({ latentSize, channels }, shape, networks) =>
    new Autoencoder({ latentSize, channels, shape }, networks),
  train: (config, shape, _, stream) => {
    const training = createAutoencoderTraining(config, shape, stream);
    const { encoder, decoder, adam } = training;
    const update = graphStep(({ images }: { images: tf.Tensor4D }) => ({
      reconstruction: autoencoderStep(training, images),
    }));
    return trainable({
      networks: { encoder, decoder },
      optimisers: { adam },
      ema: config.ema,
      averaged: ['encoder', 'decoder'],
      open: (networks) => autoencoderModel.open(config, shape, networks),
      updates: [update],
      step: ({ images }) => update({ images }),
    });
  },
};
