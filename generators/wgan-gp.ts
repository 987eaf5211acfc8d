/**
 * A WGAN-GP as a model of the zoo: in use and in training.
 */
import * as tf from '@tensorflow/tfjs';
import type { ImageShape } from '../src/datasets/dataset.ts';
import type { Stream } from '../src/random.ts';
import type { FloatTensor } from '../src/safetensors.ts';
import { checkShape } from '../src/shapes.ts';
import type { Generator } from './generator.ts';
import { disposeNetwork, emptyNetwork, type Network, variablesOf } from './network.ts';
import type { Losses, TrainableGenerator, TrainingState } from './trainable.ts';
import { restoreState, stateOf } from './training-state.ts';
import { assignVariables, readVariables, type Variables } from './variables.ts';
import type { WganGpConfig } from './wgan-gp-config.ts';
import {
  criticScores,
  generateWganGpImages,
  type WganGpArchitecture,
  wganGpShapes,
} from './wgan-gp-networks.ts';
import {
  type CriticLosses,
  createWganGpTraining,
  criticStep,
  disposeWganGpTraining,
  generatorStep,
  type WganGpTraining,
} from './wgan-gp-step.ts';

const INFERENCE = { by: 'running' } as const;

/** A WGAN-GP in inference mode: batch norms use the running statistics. Disposing it frees its networks. */
export class WganGp implements Generator {
  readonly kind = 'wgan-gp';
  readonly latentSize: number;
  readonly shape: ImageShape;
  readonly #architecture: WganGpArchitecture;
  readonly #generator: Network;
  readonly #critic: Network;

  constructor(architecture: WganGpArchitecture, generator: Network, critic: Network) {
    this.latentSize = architecture.latentSize;
    this.shape = architecture.shape;
    this.#architecture = architecture;
    this.#generator = generator;
    this.#critic = critic;
  }

  /**
   * The model with saved weights, as {@link TrainableWganGp.weights} names them.
   *
   * @throws RangeError if a tensor is missing, has another shape, or is not the model's
   */
  static fromWeights(
    { latentSize, width, generatorNorm, criticNorm }: Omit<WganGpArchitecture, 'shape'>,
    shape: ImageShape,
    tensors: ReadonlyMap<string, FloatTensor>,
  ): WganGp {
    const architecture = { latentSize, width, generatorNorm, criticNorm, shape };
    const shapes = wganGpShapes(architecture);
    const [generator, critic] = [emptyNetwork(shapes.generator), emptyNetwork(shapes.critic)];
    const model = new WganGp(architecture, generator, critic);
    try {
      assignVariables(namedVariables(generator, critic), tensors);
    } catch (error) {
      model.dispose();
      throw error;
    }
    return model;
  }

  generate(latents: tf.Tensor2D): tf.Tensor4D {
    checkShape('WganGp.generate.latents', latents, [null, this.latentSize]);
    return generateWganGpImages(this.#architecture, this.#generator, latents, INFERENCE);
  }

  /** The critic's scores `[n]`: the higher the more real, but no logits, since their level means nothing. */
  discriminate(images: tf.Tensor4D): tf.Tensor1D {
    checkShape('WganGp.discriminate.images', images, [null, ...this.shape]);
    return criticScores(this.#architecture, this.#critic, images);
  }

  dispose(): void {
    disposeNetwork(this.#generator);
    disposeNetwork(this.#critic);
  }
}

/** A WGAN-GP in training. A step is Algorithm 1's: `criticSteps` critic updates, then one of the generator. */
export class TrainableWganGp implements TrainableGenerator {
  /** Draws with the average of the generator's weights where there is one. */
  readonly sampler: WganGp;
  /** Every critic update sees images of its own. */
  readonly batchesPerStep: number;
  readonly #training: WganGpTraining;

  /** @param stream all weights come from streams below it */
  constructor(config: WganGpConfig, shape: ImageShape, stream: Stream) {
    this.#training = createWganGpTraining(config, shape, stream);
    const { architecture, generator, average, critic } = this.#training;
    this.sampler = new WganGp(architecture, average ?? generator, critic);
    this.batchesPerStep = config.criticSteps;
  }

  /** The critic's losses are those of its last update. */
  step(reals: tf.Tensor4D, stream: Stream): Losses {
    const { latentSize } = this.sampler;
    const updates = this.batchesPerStep;
    const n = reals.shape[0] / updates;
    return tf.tidy(() => {
      const count = (updates + 1) * n;
      const latents = tf.tensor2d(stream.of('latents').normals(count * latentSize), [count, latentSize]);
      const mixing = tf.tensor1d(stream.of('mixing').uniforms(updates * n));
      const batchOf = <T extends tf.Tensor>(rows: T, update: number) => tf.slice(rows, update * n, n) as T;
      let losses: CriticLosses | undefined;
      for (let update = 0; update < updates; update++) {
        // A scope of its own, so that each update's batches are freed before the next.
        losses = tf.tidy(() =>
          criticStep(
            this.#training,
            batchOf(reals, update),
            batchOf(latents, update),
            batchOf(mixing, update),
          ),
        );
      }
      return { ...losses, generatorLoss: generatorStep(this.#training, batchOf(latents, updates)) };
    });
  }

  state(): Promise<TrainingState> {
    return stateOf(this.#variables(), this.#optimisers());
  }

  restore(state: TrainingState): void {
    restoreState(state, this.#variables(), this.#optimisers());
  }

  weights(): Promise<Map<string, FloatTensor>> {
    const { generator, average, critic } = this.#training;
    return readVariables(namedVariables(average ?? generator, critic));
  }

  dispose(): void {
    disposeWganGpTraining(this.#training);
  }

  #variables(): Variables {
    const { generator, critic, average } = this.#training;
    return { ...namedVariables(generator, critic), ...(average && variablesOf('average', average)) };
  }

  #optimisers() {
    const { generatorAdam, criticAdam } = this.#training;
    return { generatorAdam, criticAdam };
  }
}

function namedVariables(generator: Network, critic: Network): Variables {
  return { ...variablesOf('generator', generator), ...variablesOf('critic', critic) };
}
