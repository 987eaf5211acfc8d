/**
 * The DCGAN as a model of the zoo. The method itself is in `dcgan-networks.ts` and `dcgan-step.ts`.
 */
import * as tf from '@tensorflow/tfjs';
import { graphStep } from '../src/backend/graph-step.ts';
import type { ImageShape } from '../src/datasets/dataset.ts';
import { checkShape } from '../src/shapes.ts';
import type { DcganConfig } from './dcgan-config.ts';
import {
  type DcganArchitecture,
  dcganShapes,
  discriminateImages,
  discriminatorLayers,
  discriminatorMaps,
  generateImages,
} from './dcgan-networks.ts';
import { createDcganTraining, dcganStep } from './dcgan-step.ts';
import { layerOf } from './feature-layer.ts';
import type { Generator } from './generator.ts';
import { type Model, type Networks, trainable } from './model.ts';
import { disposeNetwork } from './network.ts';

type Name = 'generator' | 'discriminator';

const INFERENCE = { by: 'running' } as const;

/** A DCGAN in inference mode: batch norms use the running statistics. Disposing it frees its networks. */
export class Dcgan implements Generator {
  readonly kind = 'dcgan';
  readonly prior = 'normal';
  readonly latentSize: number;
  readonly shape: ImageShape;
  /** The discriminator's convolutions. */
  readonly featureLayers: readonly string[];
  readonly #architecture: DcganArchitecture;
  readonly #networks: Networks<Name>;

  constructor(architecture: DcganArchitecture, networks: Networks<Name>) {
    this.latentSize = architecture.latentSize;
    this.shape = architecture.shape;
    this.featureLayers = discriminatorLayers(architecture);
    this.#architecture = architecture;
    this.#networks = networks;
  }

  generate(latents: tf.Tensor2D): tf.Tensor4D {
    checkShape('Dcgan.generate.latents', latents, [null, this.latentSize]);
    return generateImages(this.#architecture, this.#networks.generator, latents, INFERENCE);
  }

  discriminate(images: tf.Tensor4D): tf.Tensor1D {
    checkShape('Dcgan.discriminate.images', images, [null, ...this.shape]);
    return discriminateImages(this.#architecture, this.#networks.discriminator, images, INFERENCE);
  }

  features(images: tf.Tensor4D, layer: string): tf.Tensor4D {
    checkShape('Dcgan.features.images', images, [null, ...this.shape]);
    return layerOf(this.featureLayers, layer, () =>
      discriminatorMaps(this.#architecture, this.#networks.discriminator, images, INFERENCE),
    );
  }

  dispose(): void {
    for (const network of Object.values(this.#networks)) disposeNetwork(network);
  }
}

/** Deep convolutional GAN (Radford et al. 2016). */
export const dcganModel: Model<DcganConfig, Name, Dcgan> = {
  takesLabels: false,
  shapes: ({ latentSize, channels }, shape) => dcganShapes({ latentSize, channels, shape }),
  open: ({ latentSize, channels }, shape, networks) => new Dcgan({ latentSize, channels, shape }, networks),
  train: (config, shape, _, stream) => {
    const training = createDcganTraining(config, shape, stream);
    const { generator, discriminator, generatorAdam, discriminatorAdam } = training;
    const update = graphStep(({ images, latents }: { images: tf.Tensor4D; latents: tf.Tensor2D }) =>
      dcganStep(training, images, latents),
    );
    return trainable({
      networks: { generator, discriminator },
      optimisers: { generatorAdam, discriminatorAdam },
      ema: config.ema,
      averaged: ['generator'],
      open: (networks) => dcganModel.open(config, shape, networks),
      updates: [update],
      step: ({ images }, noise) => {
        const [n] = images.shape;
        const latents = tf.tensor2d(noise.normals(n * config.latentSize), [n, config.latentSize]);
        try {
          return update({ images, latents });
        } finally {
          latents.dispose();
        }
      },
    });
  },
};
