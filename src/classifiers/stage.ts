/**
 * A part of a network, between two places where units may be dropped.
 */
import * as tf from '@tensorflow/tfjs';
import type { Moments } from '../backend/batch-norm.ts';

/** Moments of one pass in each batch norm, by layer. */
export type MomentRecord = Map<string, Moments>;

/** Layers with their variables. */
export interface StageLayers {
  /** Of one row of what comes out: `[units]`, or `[height, width, channels]`. */
  readonly outputShape: readonly number[];
  /** What a gradient moves, by name. */
  readonly weights: Readonly<Record<string, tf.Variable>>;
  /** Running statistics of batch norms, `<layer>/mean` and `<layer>/variance`. */
  readonly statistics: Readonly<Record<string, tf.Variable>>;
  /**
   * What comes out, the caller's to dispose. Batch norms normalise by the running statistics; or, given a record, by the
   * rows, whose moments go into it, where they outlive any `tidy`: whoever owns the record disposes them.
   */
  apply(rows: tf.Tensor, record?: MomentRecord): tf.Tensor;
  dispose(): void;
}

/** Layers after which units may be dropped. */
export interface Stage {
  /** Names the mask. */
  readonly name: string;
  readonly layers: StageLayers;
  /** Share of the values that dropout leaves out, in [0, 1). */
  readonly dropout: number;
}

/** Layers of TensorFlow.js, none of them a batch norm, as a stage has them. They are taken over. */
export function sequentialLayers(layers: tf.Sequential): StageLayers {
  return {
    outputShape: layers.outputShape.slice(1) as number[],
    weights: Object.fromEntries(
      // `read` is typed as a tensor but hands out the variable itself.
      layers.trainableWeights.map((weight) => [weight.originalName, weight.read() as tf.Variable]),
    ),
    statistics: {},
    apply: (rows) => layers.apply(rows) as tf.Tensor,
    dispose: () => {
      layers.dispose();
    },
  };
}

/** Values that one row of a stage's output has. */
export function unitsOf({ outputShape }: StageLayers): number {
  return tf.util.sizeFromShape([...outputShape]);
}
