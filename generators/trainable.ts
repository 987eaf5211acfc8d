/**
 * What the training loop needs of a model, whichever model it is.
 */
import type * as tf from '@tensorflow/tfjs';
import type { Stream } from '../src/random.ts';
import type { FloatTensor } from '../src/safetensors.ts';
import type { Generator } from './generator.ts';

/** Losses of one step by name, on the device; names are those of the metrics, such as `generatorLoss`. */
export type Losses = Readonly<Record<string, tf.Scalar>>;

/** All that a training depends on beside its config: restoring it gives the same training to the bit. */
export interface TrainingState {
  readonly tensors: ReadonlyMap<string, FloatTensor>;
  /** Updates each optimiser has made. */
  readonly counters: Readonly<Record<string, number>>;
}

/** What one step sees. Images lie in [-1, 1]. */
export interface StepBatch {
  /** `[batchesPerStep batch, height, width, channels]`; of a model that takes labels those without one. */
  readonly images: tf.Tensor4D;
  /** Of a model that takes labels: `[labelledBatch, height, width, channels]`, and their classes, int32. */
  readonly labelled?: { readonly images: tf.Tensor4D; readonly labels: tf.Tensor1D };
}

/** Images in a training set. */
export interface ImageCounts {
  /** Without a label. */
  readonly images: number;
  /** With one; 0 where the model takes none. */
  readonly labelled: number;
}

/** A model in training. */
export interface TrainableGenerator<Sampler extends Generator = Generator> {
  /** The model as it stands, in inference mode. It shares the model's variables, so it is not disposed. */
  readonly sampler: Sampler;
  /** Batches of images that a step takes. */
  readonly batchesPerStep: number;
  /**
   * One step; reads nothing back from the device.
   *
   * @param stream this step's own; all its noise comes from it
   * @returns losses, which the caller disposes
   */
  step(batch: StepBatch, stream: Stream): Losses;
  /** A copy of the state on the host. */
  state(): Promise<TrainingState>;
  /** Goes on from a state. RangeError if it is another model's; the model is then of no further use. */
  restore(state: TrainingState): void;
  /** Copies of the variables that `sampler` computes with, by name. */
  weights(): Promise<ReadonlyMap<string, FloatTensor>>;
  dispose(): void;
}
