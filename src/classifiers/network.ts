/**
 * A classifier made of layers: a body that turns images into features, and a head that is linear in them.
 */
import * as tf from '@tensorflow/tfjs';
import type { ImageShape } from '../datasets/dataset.ts';
import { checkShape } from '../shapes.ts';
import type { Classifier } from './classifier.ts';

/** Two halves of a network, built and initialised. */
export interface NetworkLayers {
  /** Images `[n, height, width, channels]` to features `[n, featureSize]`. */
  readonly body: tf.Sequential;
  /** Features to logits `[n, classes]`: one dense layer without activation. */
  readonly head: tf.Sequential;
}

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
    const weights = [...layers.body.trainableWeights, ...layers.head.trainableWeights];
    this.variables = Object.fromEntries(
      // `read` is typed as a tensor but hands out the variable itself.
      weights.map((weight) => [weight.originalName, weight.read() as tf.Variable]),
    );
  }

  features(images: tf.Tensor4D): tf.Tensor2D {
    checkShape('Network.images', images, [null, ...this.shape]);
    return tf.tidy(() => this.#layers.body.apply(images) as tf.Tensor2D);
  }

  scores(images: tf.Tensor4D): tf.Tensor2D {
    return tf.tidy(() => this.#layers.head.apply(this.features(images)) as tf.Tensor2D);
  }

  dispose(): void {
    this.#layers.body.dispose();
    this.#layers.head.dispose();
  }
}
