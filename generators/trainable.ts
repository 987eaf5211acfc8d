/**
 * What the training loop needs of a model, whichever model it is.
 */
import type * as tf from '@tensorflow/tfjs';
import type { Stream } from '../src/random.ts';
import type { FloatTensor } from '../src/safetensors.ts';
import type { Generator } from './generator.ts';

/** Losses of one step by name, on the device; names are those of the metrics, such as `generatorLoss`. */
export type Losses = Readonly<Record<string, tf.Scalar>>;

/** Losses of one step of a GAN, on the device. */
export type GanLosses = Readonly<Record<'discriminatorLoss' | 'generatorLoss', tf.Scalar>>;

/** All that a training depends on beside its config: restoring it gives the same training to the bit. */
export interface TrainingState {
  readonly tensors: ReadonlyMap<string, FloatTensor>;
  /** Updates each optimiser has made. */
  readonly counters: Readonly<Record<string, number>>;
}

/** A model in training. */
export interface TrainableGenerator {
  /** The model as it stands, in inference mode. It shares the model's variables, so it is not disposed. */
  readonly sampler: Generator;
  /** Batches of real images that a step takes. */
  readonly batchesPerStep: number;
  /**
   * One step on real images `[batchesPerStep batch, height, width, channels]` in [-1, 1]; reads nothing back from the
   * device.
   *
   * @param stream this step's own; all its noise comes from it
   * @returns losses, which the caller disposes
   */
  step(reals: tf.Tensor4D, stream: Stream): Losses;
  /** A copy of the state on the host. */
  state(): Promise<TrainingState>;
  /** Goes on from a state. RangeError if it is another model's; the model is then of no further use. */
  restore(state: TrainingState): void;
  /** Copies of the variables that `sampler` computes with, by name. */
  weights(): Promise<ReadonlyMap<string, FloatTensor>>;
  dispose(): void;
}
