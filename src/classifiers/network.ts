/**
 * A classifier made of layers: a body that turns images into features, and a head that is linear in them.
 */
import * as tf from '@tensorflow/tfjs';
import type { ImageShape } from '../datasets/dataset.ts';
import { dropoutMask } from '../dropout-mask.ts';
import type { Stream } from '../random.ts';
import { checkInteger, checkShape } from '../shapes.ts';
import type { Classifier } from './classifier.ts';
import { type MomentRecord, type Stage, type StageLayers, unitsOf } from './stage.ts';

/** A network in parts, built and initialised. */
export interface NetworkLayers {
  /** From images `[n, height, width, channels]` to features `[n, featureSize]`, one after the other. */
  readonly body: readonly Stage[];
  /** Features to logits `[n, classes]`: one dense layer without activation. */
  readonly head: StageLayers;
}

/** Masks `[n, units]`, by the names of the stages that have dropout. */
export type Masks = Readonly<Record<string, tf.Tensor2D>>;

/** A network, trained or about to be. */
export class Network implements Classifier {
  readonly classes: number;
  readonly shape: ImageShape;
  /**
   * What a gradient moves, by `<layer>/kernel`, `<layer>/bias`, and `<layer>/gamma` and `<layer>/beta` of batch norms; the
   * names are the same in every network of one kind.
   */
  readonly weights: Readonly<Record<string, tf.Variable>>;
  /** Running statistics of batch norms, `<layer>/mean` and `<layer>/variance`. */
  readonly statistics: Readonly<Record<string, tf.Variable>>;
  /** All that the scores depend on: {@link weights} and {@link statistics}. */
  readonly variables: Readonly<Record<string, tf.Variable>>;
  /** The {@link weights} of the last layer. */
  readonly headWeights: Readonly<Record<string, tf.Variable>>;
  readonly #layers: NetworkLayers;

  /** Takes the layers over: {@link dispose} frees them. */
  constructor(layers: NetworkLayers, shape: ImageShape, classes: number) {
    this.#layers = layers;
    this.shape = shape;
    this.classes = classes;
    const parts = [...layers.body.map((stage) => stage.layers), layers.head];
    this.weights = Object.assign({}, ...parts.map(({ weights }) => weights));
    this.statistics = Object.assign({}, ...parts.map(({ statistics }) => statistics));
    this.variables = { ...this.weights, ...this.statistics };
    this.headWeights = layers.head.weights;
  }

  /** Whether any stage has dropout. */
  get hasDropout(): boolean {
    return this.#layers.body.some(({ dropout }) => dropout > 0);
  }

  features(images: tf.Tensor4D): tf.Tensor2D {
    this.#checkImages(images);
    return tf.tidy(() =>
      this.#layers.body.reduce<tf.Tensor>((rows, { layers }) => layers.apply(rows), images),
    ) as tf.Tensor2D;
  }

  scores(images: tf.Tensor4D): tf.Tensor2D {
    return tf.tidy(() => this.#layers.head.apply(this.features(images)) as tf.Tensor2D);
  }

  /** Masks of `n` rows, for {@link scoresUnder}; drawn from streams below `stream`. The caller disposes them. */
  drawMasks(n: number, stream: Stream): Masks {
    return Object.fromEntries(
      this.#layers.body
        .filter(({ dropout }) => dropout > 0)
        .map(({ name, layers, dropout }) => [
          name,
          dropoutMask(dropout, [n, unitsOf(layers)], stream.of(name)),
        ]),
    );
  }

  /**
   * Class scores `[n, classes]`, each image under its row of the masks; differentiable. The caller disposes the result.
   *
   * @param record as in training: batch norms normalise by the images, and put their moments here. The caller disposes
   *   them. Without it, by the running statistics
   * @throws RangeError if the mask of a stage that has dropout is missing, or of another shape
   */
  scoresUnder(images: tf.Tensor4D, masks: Masks, record?: MomentRecord): tf.Tensor2D {
    this.#checkImages(images);
    return tf.tidy(() => {
      const features = this.#layers.body.reduce<tf.Tensor>((rows, stage) => {
        const values = stage.layers.apply(rows, record);
        if (stage.dropout === 0) return values;
        const mask = checkedMask(masks, stage, images.shape[0]);
        return tf.mul(values, values.rank === 2 ? mask : tf.reshape(mask, values.shape));
      }, images);
      return this.#layers.head.apply(features) as tf.Tensor2D;
    });
  }

  /**
   * See {@link Classifier.sampleScores}. The layers before the first dropout run once for all passes. Memory: `4 passes n units`
   * bytes for the largest stage with or after dropout; if the first of them drops values of maps, as many for one pass alone.
   */
  sampleScores(images: tf.Tensor4D, stream: Stream, passes: number): tf.Tensor3D {
    this.#checkImages(images);
    checkInteger('Network.sampleScores.passes', passes, 1);
    const { body } = this.#layers;
    return tf.tidy(() => {
      const masks = this.drawMasks(passes, stream);
      const first = body.findIndex(({ name }) => name in masks);
      if (first < 0) {
        return tf.tile(tf.expandDims(this.scores(images), 0), [passes, 1, 1]) as tf.Tensor3D;
      }
      const shared = body
        .slice(0, first + 1)
        .reduce<tf.Tensor>((rows, { layers }) => layers.apply(rows), images);
      const together = shared.rank === 2 ? passes : 1;
      const sampled: tf.Tensor3D[] = [];
      for (let start = 0; start < passes; start += together) {
        sampled.push(
          tf.tidy(() => this.#passesFrom(first, shared, rowsOf(masks, start, together), together)),
        );
      }
      return sampled.length === 1 ? (sampled[0] as tf.Tensor3D) : tf.concat3d(sampled, 0);
    });
  }

  dispose(): void {
    for (const { layers } of this.#layers.body) layers.dispose();
    this.#layers.head.dispose();
  }

  /** Scores `[passes, n, classes]` from what came out of the stage `first`, which has a mask; `masks` have a row a pass. */
  #passesFrom(first: number, shared: tf.Tensor, masks: Masks, passes: number): tf.Tensor3D {
    const { body, head } = this.#layers;
    const n = shared.shape[0] as number;
    let rows = shared;
    for (const [place, { name, layers }] of body.slice(first).entries()) {
      const copies = place === 0 ? 1 : passes;
      if (place > 0) rows = layers.apply(rows); // [passes * n, ...]
      const mask = masks[name];
      if (mask === undefined) continue;
      const units = unitsOf(layers);
      const each = tf.mul(tf.reshape(rows, [copies, n, units]), tf.reshape(mask, [passes, 1, units]));
      rows = tf.reshape(each, [passes * n, ...layers.outputShape]);
    }
    return tf.reshape(head.apply(rows), [passes, n, this.classes]);
  }

  #checkImages(images: tf.Tensor4D): void {
    checkShape('Network.images', images, [null, ...this.shape]);
  }
}

function checkedMask(masks: Masks, { name, layers }: Stage, n: number): tf.Tensor2D {
  const mask = masks[name];
  if (mask === undefined) throw new RangeError(`Network.masks: expected one named ${name}, got none`);
  checkShape(`Network.masks.${name}`, mask, [n, unitsOf(layers)]);
  return mask;
}

/** Some rows of all masks. */
function rowsOf(masks: Masks, start: number, rows: number): Masks {
  return Object.fromEntries(
    Object.entries(masks).map(([name, mask]) => [
      name,
      rows === mask.shape[0] ? mask : tf.slice(mask, [start, 0], [rows, -1]),
    ]),
  );
}
