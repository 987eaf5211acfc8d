/**
 * The WGAN-GP as a model of the zoo. The method itself is in `wgan-gp-networks.ts` and `wgan-gp-step.ts`.
 */
import * as tf from '@tensorflow/tfjs';
import { graphStep } from '../src/backend/graph-step.ts';
import type { ImageShape } from '../src/datasets/dataset.ts';
import type { Stream } from '../src/random.ts';
import { checkShape } from '../src/shapes.ts';
import { layerOf } from './feature-layer.ts';
import type { Generator } from './generator.ts';
import { type Model, type Networks, trainable } from './model.ts';
import { disposeNetwork } from './network.ts';
import type { Losses } from './trainable.ts';
import type { WganGpConfig } from './wgan-gp-config.ts';
import {
  CRITIC_LAYERS,
  criticMaps,
  criticScores,
  generateWganGpImages,
  type WganGpArchitecture,
  wganGpShapes,
} from './wgan-gp-networks.ts';
import { type CriticLosses, createWganGpTraining, criticStep, generatorStep } from './wgan-gp-step.ts';

type Name = 'generator' | 'critic';

type CriticInputs = {
  readonly reals: tf.Tensor4D;
  readonly latents: tf.Tensor2D;
  readonly mixing: tf.Tensor1D;
};

/** One update of each network. */
interface Updates {
  readonly critic: (inputs: CriticInputs) => CriticLosses;
  readonly generator: (inputs: { latents: tf.Tensor2D }) => { generatorLoss: tf.Scalar };
}

const INFERENCE = { by: 'running' } as const;

/** A WGAN-GP in inference mode: batch norms use the running statistics. Disposing it frees its networks. */
export class WganGp implements Generator {
  readonly kind = 'wgan-gp';
  readonly prior = 'normal';
  readonly latentSize: number;
  readonly shape: ImageShape;
  /** The critic's convolutions. */
  readonly featureLayers = CRITIC_LAYERS;
  readonly #architecture: WganGpArchitecture;
  readonly #networks: Networks<Name>;

  constructor(architecture: WganGpArchitecture, networks: Networks<Name>) {
    this.latentSize = architecture.latentSize;
    this.shape = architecture.shape;
    this.#architecture = architecture;
    this.#networks = networks;
  }

  generate(latents: tf.Tensor2D): tf.Tensor4D {
    checkShape('WganGp.generate.latents', latents, [null, this.latentSize]);
    return generateWganGpImages(this.#architecture, this.#networks.generator, latents, INFERENCE);
  }

  /** The critic's scores `[n]`: the higher the more real, but no logits, since their level means nothing. */
  discriminate(images: tf.Tensor4D): tf.Tensor1D {
    checkShape('WganGp.discriminate.images', images, [null, ...this.shape]);
    return criticScores(this.#architecture, this.#networks.critic, images);
  }

  features(images: tf.Tensor4D, layer: string): tf.Tensor4D {
    checkShape('WganGp.features.images', images, [null, ...this.shape]);
    return layerOf(this.featureLayers, layer, () =>
      criticMaps(this.#architecture, this.#networks.critic, images),
    );
  }

  dispose(): void {
    for (const network of Object.values(this.#networks)) disposeNetwork(network);
  }
}

function architectureOf(
  { latentSize, width, generatorNorm, criticNorm }: WganGpConfig,
  shape: ImageShape,
): WganGpArchitecture {
  return { latentSize, width, generatorNorm, criticNorm, shape };
}

/** Wasserstein GAN with gradient penalty (Gulrajani et al. 2017). */
export const wganGpModel: Model<WganGpConfig, Name, WganGp> = {
  takesLabels: false,
  shapes: (config, shape) => wganGpShapes(architectureOf(config, shape)),
  open: (config, shape, networks) => new WganGp(architectureOf(config, shape), networks),
  train: (config, shape, _, stream) => {
    const training = createWganGpTraining(config, shape, stream);
    const { generator, critic, generatorAdam, criticAdam } = training;
    const updates = {
      critic: graphStep(({ reals, latents, mixing }: CriticInputs) =>
        criticStep(training, reals, latents, mixing),
      ),
      generator: graphStep(({ latents }: { latents: tf.Tensor2D }) => ({
        generatorLoss: generatorStep(training, latents),
      })),
    };
    return trainable({
      networks: { generator, critic },
      optimisers: { generatorAdam, criticAdam },
      ema: config.ema,
      averaged: ['generator'],
      // Every critic update sees images of its own.
      batchesPerStep: config.criticSteps,
      open: (networks) => wganGpModel.open(config, shape, networks),
      updates: Object.values(updates),
      step: ({ images }, noise) => wganGpStep(config, updates, images, noise),
    });
  },
};

/** Algorithm 1's: `criticSteps` critic updates, then one of the generator. Losses are of the last critic update. */
function wganGpStep(
  { latentSize, criticSteps }: WganGpConfig,
  { critic, generator }: Updates,
  reals: tf.Tensor4D,
  stream: Stream,
): Losses {
  const n = reals.shape[0] / criticSteps;
  return tf.tidy(() => {
    const count = (criticSteps + 1) * n;
    const latents = tf.tensor2d(stream.of('latents').normals(count * latentSize), [count, latentSize]);
    const mixing = tf.tensor1d(stream.of('mixing').uniforms(criticSteps * n));
    const batchOf = <T extends tf.Tensor>(rows: T, update: number) => tf.slice(rows, update * n, n) as T;
    let losses: CriticLosses | undefined;
    for (let update = 0; update < criticSteps; update++) {
      // A scope of its own, so that each update's batches are freed before the next.
      losses = tf.tidy(() =>
        critic({
          reals: batchOf(reals, update),
          latents: batchOf(latents, update),
          mixing: batchOf(mixing, update),
        }),
      );
    }
    return { ...losses, ...generator({ latents: batchOf(latents, criticSteps) }) };
  });
}
