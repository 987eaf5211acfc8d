/**
 * The DCGAN as a generator to draw from and as a model to train. The method itself is in `dcgan-networks.ts` and
 * `dcgan-step.ts`.
 */
import * as tf from '@tensorflow/tfjs';
import type { ImageShape } from '../src/datasets/dataset.ts';
import type { Stream } from '../src/random.ts';
import type { FloatTensor } from '../src/safetensors.ts';
import { checkShape } from '../src/shapes.ts';
import type { DcganConfig } from './config.ts';
import { type DcganArchitecture, dcganShapes, discriminateImages, generateImages } from './dcgan-networks.ts';
import { createDcganTraining, type DcganTraining, dcganStep, disposeDcganTraining } from './dcgan-step.ts';
import type { Generator } from './generator.ts';
import { disposeNetwork, emptyNetwork, type Network, variablesOf } from './network.ts';
import type { GanLosses, TrainableGenerator, TrainingState } from './trainable.ts';
import { restoreState, stateOf } from './training-state.ts';
import { assignVariables, readVariables, type Variables } from './variables.ts';

const INFERENCE = { by: 'running' } as const;

/** A DCGAN in inference mode: batch norms use the running statistics. Disposing it frees its networks. */
export class Dcgan implements Generator {
  readonly kind = 'dcgan';
  readonly latentSize: number;
  readonly shape: ImageShape;
  readonly #architecture: DcganArchitecture;
  readonly #generator: Network;
  readonly #discriminator: Network;

  constructor(architecture: DcganArchitecture, generator: Network, discriminator: Network) {
    this.latentSize = architecture.latentSize;
    this.shape = architecture.shape;
    this.#architecture = architecture;
    this.#generator = generator;
    this.#discriminator = discriminator;
  }

  /**
   * The model with saved weights, as {@link TrainableDcgan.weights} names them.
   *
   * @throws RangeError if a tensor is missing, has another shape, or is not the model's
   */
  static fromWeights(
    { latentSize, channels }: Pick<DcganConfig, 'latentSize' | 'channels'>,
    shape: ImageShape,
    tensors: ReadonlyMap<string, FloatTensor>,
  ): Dcgan {
    const architecture = { latentSize, channels, shape };
    const shapes = dcganShapes(architecture);
    const [generator, discriminator] = [emptyNetwork(shapes.generator), emptyNetwork(shapes.discriminator)];
    const model = new Dcgan(architecture, generator, discriminator);
    try {
      assignVariables(namedVariables(generator, discriminator), tensors);
    } catch (error) {
      model.dispose();
      throw error;
    }
    return model;
  }

  generate(latents: tf.Tensor2D): tf.Tensor4D {
    checkShape('Dcgan.generate.latents', latents, [null, this.latentSize]);
    return generateImages(this.#architecture, this.#generator, latents, INFERENCE);
  }

  discriminate(images: tf.Tensor4D): tf.Tensor1D {
    checkShape('Dcgan.discriminate.images', images, [null, ...this.shape]);
    return discriminateImages(this.#architecture, this.#discriminator, images, INFERENCE);
  }

  dispose(): void {
    disposeNetwork(this.#generator);
    disposeNetwork(this.#discriminator);
  }
}

/** A DCGAN in training. */
export class TrainableDcgan implements TrainableGenerator {
  /** Draws with the average of the generator's weights where there is one. */
  readonly sampler: Dcgan;
  readonly batchesPerStep = 1;
  readonly #training: DcganTraining;

  /** @param stream all weights come from streams below it */
  constructor(config: DcganConfig, shape: ImageShape, stream: Stream) {
    this.#training = createDcganTraining(config, shape, stream);
    const { architecture, generator, average, discriminator } = this.#training;
    this.sampler = new Dcgan(architecture, average ?? generator, discriminator);
  }

  step(reals: tf.Tensor4D, stream: Stream): GanLosses {
    const { latentSize } = this.sampler;
    const [n] = reals.shape;
    const latents = tf.tensor2d(stream.normals(n * latentSize), [n, latentSize]);
    try {
      return dcganStep(this.#training, reals, latents);
    } finally {
      latents.dispose();
    }
  }

  state(): Promise<TrainingState> {
    return stateOf(this.#variables(), this.#optimisers());
  }

  restore(state: TrainingState): void {
    restoreState(state, this.#variables(), this.#optimisers());
  }

  weights(): Promise<Map<string, FloatTensor>> {
    const { generator, average, discriminator } = this.#training;
    return readVariables(namedVariables(average ?? generator, discriminator));
  }

  dispose(): void {
    disposeDcganTraining(this.#training);
  }

  #variables(): Variables {
    const { generator, discriminator, average } = this.#training;
    return { ...namedVariables(generator, discriminator), ...(average && variablesOf('average', average)) };
  }

  #optimisers() {
    const { generatorAdam, discriminatorAdam } = this.#training;
    return { generatorAdam, discriminatorAdam };
  }
}

function namedVariables(generator: Network, discriminator: Network): Variables {
  return { ...variablesOf('generator', generator), ...variablesOf('discriminator', discriminator) };
}
