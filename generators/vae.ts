/**
 * The variational autoencoder as a model of the zoo. The method itself is in `vae-networks.ts` and `vae-step.ts`.
 */
import * as tf from '@tensorflow/tfjs';
import type { ImageShape } from '../src/datasets/dataset.ts';
import type { Stream } from '../src/random.ts';
import { checkShape } from '../src/shapes.ts';
import type { Generator } from './generator.ts';
import { bernoulliPixels, imagesOfLogits } from './mlp-terms.ts';
import { type Model, type Networks, trainable } from './model.ts';
import { disposeNetwork } from './network.ts';
import { pixelNoise } from './pixel-noise.ts';
import type { VaeConfig } from './vae-config.ts';
import { decodeLogits, encodePixels, type VaeArchitecture, vaeShapes } from './vae-networks.ts';
import { createVaeTraining, vaeBound, vaeStep } from './vae-step.ts';

type Name = 'encoder' | 'decoder';

/** A variational autoencoder in use. Disposing it frees its networks. */
export class Vae implements Generator {
  readonly kind = 'vae';
  readonly prior = 'normal';
  readonly latentSize: number;
  readonly shape: ImageShape;
  readonly #architecture: VaeArchitecture;
  readonly #likelihood: VaeConfig['likelihood'];
  readonly #networks: Networks<Name>;

  constructor(architecture: VaeArchitecture, likelihood: VaeConfig['likelihood'], networks: Networks<Name>) {
    this.latentSize = architecture.latentSize;
    this.shape = architecture.shape;
    this.#architecture = architecture;
    this.#likelihood = likelihood;
    this.#networks = networks;
  }

  /** Means of the pixels, not draws of them. */
  generate(latents: tf.Tensor2D): tf.Tensor4D {
    checkShape('Vae.generate.latents', latents, [null, this.latentSize]);
    return tf.tidy(() =>
      imagesOfLogits(decodeLogits(this.#architecture, this.#networks.decoder, latents), this.shape),
    );
  }

  /** Means of the posteriors. Pixels go in as they are, not binarised. */
  encode(images: tf.Tensor4D): tf.Tensor2D {
    checkShape('Vae.encode.images', images, [null, ...this.shape]);
    return tf.tidy(
      () => encodePixels(this.#architecture, this.#networks.encoder, bernoulliPixels(images)).means,
    );
  }

  /** With beta 1, whatever the model was trained with. */
  negativeElbo(images: tf.Tensor4D, stream: Stream): tf.Tensor1D {
    checkShape('Vae.negativeElbo.images', images, [null, ...this.shape]);
    const [n] = images.shape;
    return tf.tidy(() => {
      const pixels = bernoulliPixels(images, pixelNoise(this.#likelihood, images.shape, stream.of('pixels')));
      const latents = tf.tensor2d(stream.of('latents').normals(n * this.latentSize), [n, this.latentSize]);
      const { reconstruction, divergence } = vaeBound(this.#architecture, this.#networks, pixels, latents);
      return tf.add(reconstruction, divergence) as tf.Tensor1D;
    });
  }

  dispose(): void {
    for (const network of Object.values(this.#networks)) disposeNetwork(network);
  }
}

function architectureOf({ latentSize, network }: VaeConfig, shape: ImageShape): VaeArchitecture {
  return { latentSize, hidden: network.hidden, shape };
}

/** Variational autoencoder (Kingma and Welling 2014). */
export const vaeModel: Model<VaeConfig, Name, Vae> = {
  takesLabels: false,
  shapes: (config, shape) => vaeShapes(architectureOf(config, shape)),
  open: (config, shape, networks) => new Vae(architectureOf(config, shape), config.likelihood, networks),
  train: (config, shape, _, stream) => {
    const training = createVaeTraining(config, shape, stream);
    const { encoder, decoder, adam } = training;
    return trainable({
      networks: { encoder, decoder },
      optimisers: { adam },
      ema: config.ema,
      averaged: ['encoder', 'decoder'],
      open: (networks) => vaeModel.open(config, shape, networks),
      step: ({ images }, noise) => {
        const [n] = images.shape;
        return tf.tidy(() => {
          const latents = tf.tensor2d(noise.of('latents').normals(n * config.latentSize), [
            n,
            config.latentSize,
          ]);
          const pixels = pixelNoise(config.likelihood, images.shape, noise.of('pixels'));
          return { ...vaeStep(training, images, { latents, ...(pixels && { pixels }) }) };
        });
      },
    });
  },
};
