/**
 * A classifier made of layers: a body that turns images into features, and a head that is linear in them.
 */
import * as tf from '@tensorflow/tfjs';
import type { ImageShape } from '../datasets/dataset.ts';
import { dropoutMask } from '../dropout-mask.ts';
import type { Stream } from '../random.ts';
import { checkInteger, checkShape } from '../shapes.ts';
import type { Classifier } from './classifier.ts';

/** Layers after which units may be dropped. */
export interface Stage {
  /** Names the mask. */
  readonly name: string;
  /** What goes in to `[n, units]`. */
  readonly layers: tf.Sequential;
  /** Share of the units that dropout leaves out, in [0, 1). */
  readonly dropout: number;
}

/** A network in parts, built and initialised. */
export interface NetworkLayers {
  /** From images `[n, height, width, channels]` to features `[n, featureSize]`, one after the other. */
  readonly body: readonly Stage[];
  /** Features to logits `[n, classes]`: one dense layer without activation. */
  readonly head: tf.Sequential;
}

/** Masks `[n, units]`, by the names of the stages that have dropout. */
export type Masks = Readonly<Record<string, tf.Tensor2D>>;

/** A network, trained or about to be. */
export class Network implements Classifier {
  readonly classes: number;
  readonly shape: ImageShape;
  /** Every weight by `<layer>/kernel` or `<layer>/bias`; the names are the same in every network of one kind. */
  readonly variables: Readonly<Record<string, tf.Variable>>;
  readonly #layers: NetworkLayers;

  /** Takes the layers over: {@link dispose} frees them. */
  constructor(layers: NetworkLayers, shape: ImageShape, classes: number) {
    this.#layers = layers;
    this.shape = shape;
    this.classes = classes;
    const parts = [...layers.body.map((stage) => stage.layers), layers.head];
    const weights = parts.flatMap((part) => part.trainableWeights);
    this.variables = Object.fromEntries(
      // `read` is typed as a tensor but hands out the variable itself.
      weights.map((weight) => [weight.originalName, weight.read() as tf.Variable]),
    );
  }

  /** Whether any stage has dropout. */
  get hasDropout(): boolean {
    return this.#layers.body.some(({ dropout }) => dropout > 0);
  }

  features(images: tf.Tensor4D): tf.Tensor2D {
    this.#checkImages(images);
    return tf.tidy(() =>
      this.#layers.body.reduce<tf.Tensor>((rows, { layers }) => layers.apply(rows) as tf.Tensor, images),
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
   * Class scores `[n, classes]` as in training, each image under its row of the masks; differentiable. The caller disposes
   * the result.
   *
   * @throws RangeError if the mask of a stage that has dropout is missing, or of another shape
   */
  scoresUnder(images: tf.Tensor4D, masks: Masks): tf.Tensor2D {
    this.#checkImages(images);
    return tf.tidy(() => {
      const features = this.#layers.body.reduce<tf.Tensor>((rows, { name, layers, dropout }) => {
        const values = layers.apply(rows) as tf.Tensor;
        return dropout === 0 ? values : tf.mul(values, checkedMask(masks, name, values.shape));
      }, images);
      return this.#layers.head.apply(features) as tf.Tensor2D;
    });
  }

  /**
   * See {@link Classifier.sampleScores}. The layers before the first dropout run once for all passes. Memory: `4 passes n units`
   * bytes for the largest stage with or after dropout.
   */
  sampleScores(images: tf.Tensor4D, stream: Stream, passes: number): tf.Tensor3D {
    this.#checkImages(images);
    checkInteger('Network.sampleScores.passes', passes, 1);
    const [n] = images.shape;
    return tf.tidy(() => {
      const masks = this.drawMasks(passes, stream);
      let rows: tf.Tensor = images;
      let copies = 1;
      for (const { name, layers } of this.#layers.body) {
        rows = layers.apply(rows) as tf.Tensor; // [copies * n, units]
        const mask = masks[name];
        if (mask === undefined) continue;
        const units = unitsOf(layers);
        const each = tf.mul(tf.reshape(rows, [copies, n, units]), tf.reshape(mask, [passes, 1, units]));
        rows = tf.reshape(each, [passes * n, units]);
        copies = passes;
      }
      const scores = this.#layers.head.apply(rows) as tf.Tensor;
      const apart = tf.reshape(scores, [copies, n, this.classes]);
      return (copies === passes ? apart : tf.tile(apart, [passes, 1, 1])) as tf.Tensor3D;
    });
  }

  dispose(): void {
    for (const { layers } of this.#layers.body) layers.dispose();
    this.#layers.head.dispose();
  }

  #checkImages(images: tf.Tensor4D): void {
    checkShape('Network.images', images, [null, ...this.shape]);
  }
}

function unitsOf(layers: tf.Sequential): number {
  return layers.outputShape[1] as number;
}

function checkedMask(masks: Masks, name: string, shape: readonly number[]): tf.Tensor2D {
  const mask = masks[name];
  if (mask === undefined) throw new RangeError(`Network.masks: expected one named ${name}, got none`);
  checkShape(`Network.masks.${name}`, mask, shape);
  return mask;
}
