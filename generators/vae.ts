/**
 * The variational autoencoder as a model of the zoo. The method itself is in `vae-networks.ts` and `vae-step.ts`.
 */
import * as tf from '@tensorflow/tfjs';
import { graphStep } from '../src/backend/graph-step.ts';
import type { ImageShape } from '../src/datasets/dataset.ts';
import type { Stream } from '../src/random.ts';
import { checkShape } from '../src/shapes.ts';
import { layerOf } from './feature-layer.ts';
import type { Generator } from './generator.ts';
import { type Model, trainable } from './model.ts';
import { disposeNetwork } from './network.ts';
import type { VaeConfig } from './vae-config.ts';
import { likelihoodOf } from './vae-likelihood.ts';
import { vaeNetworks } from './vae-networks.ts';
import { createVaeTraining, type VaeNoise, type VaeParts, vaeBound, vaeStep } from './vae-step.ts';

type Name = 'encoder' | 'decoder';

const INFERENCE = { by: 'running' } as const;

/** A variational autoencoder in inference mode: batch norms use the running statistics. Disposing it frees its networks. */
export class Vae implements Generator {
  readonly kind = 'vae';
  readonly prior = 'normal';
  readonly latentSize: number;
  readonly shape: ImageShape;
  /** The encoder's hidden layers. */
  readonly featureLayers: readonly string[];
  readonly #parts: VaeParts;

  constructor(parts: VaeParts) {
    this.latentSize = parts.networks.latentSize;
    this.shape = parts.networks.shape;
    this.featureLayers = parts.networks.layers;
    this.#parts = parts;
  }

  /** Means of the pixels, not draws of them. */
  generate(latents: tf.Tensor2D): tf.Tensor4D {
    checkShape('Vae.generate.latents', latents, [null, this.latentSize]);
    const { networks, likelihood, decoder } = this.#parts;
    return tf.tidy(() => likelihood.images(networks.decode(decoder, latents, INFERENCE), this.shape));
  }

  /** Means of the posteriors. Pixels go in as they are, not binarised. */
  encode(images: tf.Tensor4D): tf.Tensor2D {
    checkShape('Vae.encode.images', images, [null, ...this.shape]);
    const { networks, likelihood, encoder } = this.#parts;
    return tf.tidy(() => networks.encode(encoder, likelihood.pixels(images), INFERENCE).means);
  }

  /** Pixels go in as they are, not binarised. */
  features(images: tf.Tensor4D, layer: string): tf.Tensor2D | tf.Tensor4D {
    checkShape('Vae.features.images', images, [null, ...this.shape]);
    const { networks, likelihood, encoder } = this.#parts;
    return tf.tidy(() =>
      layerOf(this.featureLayers, layer, () =>
        networks.activations(encoder, likelihood.pixels(images), INFERENCE),
      ),
    );
  }

  /** With beta 1, whatever the model was trained with. Of pixels in {0, 1} or, if Gaussian, of a density on [-1, 1]. */
  negativeElbo(images: tf.Tensor4D, stream: Stream): tf.Tensor1D {
    checkShape('Vae.negativeElbo.images', images, [null, ...this.shape]);
    const { likelihood } = this.#parts;
    const [n] = images.shape;
    return tf.tidy(() => {
      const pixels = likelihood.pixels(images, likelihood.noise(images.shape, stream.of('pixels')));
      const latents = tf.tensor2d(stream.of('latents').normals(n * this.latentSize), [n, this.latentSize]);
      const modes = { encoder: INFERENCE, decoder: INFERENCE };
      const { reconstruction, divergence } = vaeBound(this.#parts, pixels, latents, modes);
      return tf.add(reconstruction, divergence) as tf.Tensor1D;
    });
  }

  dispose(): void {
    disposeNetwork(this.#parts.encoder);
    disposeNetwork(this.#parts.decoder);
  }
}

/** Variational autoencoder (Kingma and Welling 2014). */
export const vaeModel: Model<VaeConfig, Name, Vae> = {
  takesLabels: false,
  shapes: (config, shape) => vaeNetworks(config, shape).shapes,
  open: (config, shape, { encoder, decoder }) =>
    new Vae({ networks: vaeNetworks(config, shape), likelihood: likelihoodOf(config), encoder, decoder }),
  train: (config, shape, _, stream) => {
    const training = createVaeTraining(config, shape, stream);
    const { likelihood, encoder, decoder, adam } = training;
    const update = graphStep(({ images, noise }: { images: tf.Tensor4D; noise: VaeNoise }) =>
      vaeStep(training, images, noise),
    );
    return trainable({
      networks: { encoder, decoder },
      optimisers: { adam },
      ema: config.ema,
      averaged: ['encoder', 'decoder'],
      open: (networks) => vaeModel.open(config, shape, networks),
      updates: [update],
      step: ({ images }, noise) => {
        const [n] = images.shape;
        return tf.tidy(() => {
          const latents = tf.tensor2d(noise.of('latents').normals(n * config.latentSize), [
            n,
            config.latentSize,
          ]);
          const pixels = likelihood.noise(images.shape, noise.of('pixels'));
          return { ...update({ images, noise: { latents, ...(pixels && { pixels }) } }) };
        });
      },
    });
  },
};
