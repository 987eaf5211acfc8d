/**
 * The three networks of the semi-supervised model M2: `q(y|x)`, `q(z|x, y)` and `p(x|y, z)`.
 *
 * Source: Kingma et al. 2014, "Semi-supervised Learning with Deep Generative Models", section 2.1 and section 4.
 * Reference code: dpkingma/nips14-ssl@1fc7aec: the first layer of the encoder is `W_x x + W_y y + b`, that of the
 * decoder `W_z z + W_y y + b`.
 * Differs: weights start as Glorot and Bengio's, not from N(0, 0.001); no prior on weights.
 *
 * With the default sizes and images `[28, 28, 1]`:
 *
 * ```
 * classifier  [784] -> dense 500 softplus -> dense 10: logits of classes
 * encoder     [784], class -> dense 500 softplus -> dense 100: 50 means, 50 log-variances
 * decoder     latent 50, class -> dense 500 softplus -> dense 784: logits of pixels
 * ```
 *
 * Both bounds need the encoder and the decoder at pairs of an image and a class: a labelled image with its label, an
 * unlabelled one with every class. A batch's pairs are rows of one matrix: first the labelled images, then all
 * unlabelled images with class 0, then all with class 1, and so on.
 */
import * as tf from '@tensorflow/tfjs';
import { softplus } from '../src/backend/softplus.ts';
import type { ImageShape } from '../src/datasets/dataset.ts';
import { affine, denseShapes, softplusStack, stackShapes } from './mlp-layers.ts';
import { type Gaussians, gaussians } from './mlp-terms.ts';
import { type Network, type NetworkShapes, variableOf } from './network.ts';

/** What fixes the sizes of all three networks. */
export interface M2Architecture {
  readonly classes: number;
  readonly latentSize: number;
  /** Units of the hidden layers of classifier and encoder, from the image on; the decoder's in reverse. */
  readonly hidden: readonly number[];
  /** Of the images. */
  readonly shape: ImageShape;
}

/** Shapes of all variables of the three networks. */
export function m2Shapes({ classes, latentSize, hidden, shape }: M2Architecture): {
  readonly classifier: NetworkShapes;
  readonly encoder: NetworkShapes;
  readonly decoder: NetworkShapes;
} {
  const pixels = tf.util.sizeFromShape([...shape]);
  const [first = 0, last = 0] = [hidden[0], hidden.at(-1)];
  const fromPixels = stackShapes('hidden', [pixels, ...hidden]);
  const classifier = { ...fromPixels, ...denseShapes('logits', last, classes) };
  const encoder = {
    ...fromPixels,
    'hidden0/classes': [classes, first],
    ...denseShapes('moments', last, 2 * latentSize),
  };
  const decoder = {
    ...stackShapes('hidden', [latentSize, ...[...hidden].reverse()]),
    'hidden0/classes': [classes, last],
    ...denseShapes('logits', first, pixels),
  };
  const [ofClassifier, ofEncoder, ofDecoder] = [classifier, encoder, decoder].map((weights) => ({
    weights,
    statistics: {},
  })) as [NetworkShapes, NetworkShapes, NetworkShapes];
  return { classifier: ofClassifier, encoder: ofEncoder, decoder: ofDecoder };
}

/**
 * Logits `[n, classes]` of `q(y|x)`. The caller disposes them.
 *
 * @param pixels `[n, height width channels]` in [0, 1]
 */
export function classifyPixels(
  { hidden }: M2Architecture,
  classifier: Network,
  pixels: tf.Tensor2D,
): tf.Tensor2D {
  return tf.tidy(() => {
    const units = softplusStack(classifier.weights, 'hidden', pixels, { count: hidden.length });
    return affine(classifier.weights, 'logits', units);
  });
}

/**
 * The approximate posteriors `q(z|x, y)` of images and one class each, `[n, latentSize]`. The caller disposes both.
 *
 * @param pixels `[n, height width channels]` in [0, 1]
 * @param labels int32 `[n]`
 */
export function encodeLabelled(
  { hidden }: M2Architecture,
  { weights }: Network,
  pixels: tf.Tensor2D,
  labels: tf.Tensor1D,
): Gaussians {
  return tf.tidy(() => {
    const ofLabels = tf.gather(variableOf<tf.Tensor2D>(weights, 'hidden0/classes'), labels);
    const first = softplus(tf.add(affine(weights, 'hidden0', pixels), ofLabels) as tf.Tensor2D);
    const units = softplusStack(weights, 'hidden', first, { first: 1, count: hidden.length });
    return gaussians(affine(weights, 'moments', units));
  });
}

/**
 * The approximate posteriors `q(z|x, y)` of all pairs, `[pairs, latentSize]` each. The caller disposes both.
 *
 * The products with the image are formed once an image, not once a pair; a class adds its row of `W_y`.
 *
 * @param pixels `[labelled + unlabelled, height width channels]` in [0, 1], the labelled images first
 * @param labels int32 `[labelled]`
 */
export function encodePairs(
  { hidden }: M2Architecture,
  encoder: Network,
  pixels: tf.Tensor2D,
  labels: tf.Tensor1D,
): Gaussians {
  const { weights } = encoder;
  return tf.tidy(() => {
    const ofImages = affine(weights, 'hidden0', pixels);
    const ofClasses = variableOf<tf.Tensor2D>(weights, 'hidden0/classes');
    const sums = addClasses(ofImages, tf.gather(ofClasses, labels), ofClasses);
    const units = softplusStack(weights, 'hidden', softplus(sums), { first: 1, count: hidden.length });
    return gaussians(affine(weights, 'moments', units));
  });
}

/**
 * The sums of all pairs, `[pairs, units]`: each labelled image's with its label, then every class with every unlabelled
 * image's. The gradient by hand, because that of joining rows would copy them once more to take them apart.
 *
 * @param ofImages `[labelled + unlabelled, units]`
 * @param ofLabels the class rows of the labels, `[labelled, units]`
 * @param ofClasses `[classes, units]`
 */
function addClasses(ofImages: tf.Tensor2D, ofLabels: tf.Tensor2D, ofClasses: tf.Tensor2D): tf.Tensor2D {
  const [labelled, units] = ofLabels.shape;
  const [classes] = ofClasses.shape;
  const unlabelled = ofImages.shape[0] - labelled;
  const known = (rows: tf.Tensor) => tf.slice(rows, [0, 0], [labelled, units]);
  const others = (rows: tf.Tensor) => tf.slice(rows, [labelled, 0], [-1, units]);
  const add = tf.customGrad((images, labels, every) => {
    // [classes, unlabelled, units]: one row each of the classes and of the images.
    const withEvery = tf.add(
      tf.expandDims(others(images as tf.Tensor), 0),
      tf.expandDims(every as tf.Tensor, 1),
    );
    const withLabel = tf.add(known(images as tf.Tensor), labels as tf.Tensor);
    return {
      value: tf.concat([withLabel, tf.reshape(withEvery, [-1, units])]),
      gradFunc: (dy: tf.Tensor) => {
        const ofKnown = known(dy);
        const ofOthers = tf.reshape(others(dy), [classes, unlabelled, units]);
        return [tf.concat([ofKnown, tf.sum(ofOthers, 0)]), ofKnown, tf.sum(ofOthers, 1)];
      },
    };
  });
  return add(ofImages, ofLabels, ofClasses) as tf.Tensor2D;
}

/**
 * Logits `[n, height width channels]` of the pixels of `p(x|y, z)`. The caller disposes them.
 *
 * @param latents `[n, latentSize]`
 * @param classes `[n, classes]`, one-hot
 */
export function decodePairs(
  { hidden }: M2Architecture,
  decoder: Network,
  latents: tf.Tensor2D,
  classes: tf.Tensor2D,
): tf.Tensor2D {
  const { weights } = decoder;
  return tf.tidy(() => {
    // One product with [latent, class] is W_z z + W_y y + b, without another pass over the sums: every pair has one
    // class, so the bias can stand in the rows of the classes.
    const ofClasses: tf.Tensor2D = tf.add(
      variableOf<tf.Tensor2D>(weights, 'hidden0/classes'),
      variableOf<tf.Tensor1D>(weights, 'hidden0/bias'),
    );
    const joined = tf.concat2d([variableOf(weights, 'hidden0/weights'), ofClasses], 0);
    const products: tf.Tensor2D = tf.matMul(tf.concat2d([latents, classes], 1), joined);
    const first = softplus(products);
    const units = softplusStack(weights, 'hidden', first, { first: 1, count: hidden.length });
    return affine(weights, 'logits', units);
  });
}

/**
 * The class of every pair, one-hot, `[pairs, classes]`. The caller disposes it.
 *
 * @param labels int32 `[labelled]`
 * @param unlabelled images that meet every class
 */
export function pairClasses(labels: tf.Tensor1D, unlabelled: number, classes: number): tf.Tensor2D {
  return tf.tidy(() => {
    const ofUnlabelled = Int32Array.from({ length: classes * unlabelled }, (_, pair) =>
      Math.floor(pair / unlabelled),
    );
    return oneHotClasses(tf.concat1d([labels, tf.tensor1d(ofUnlabelled, 'int32')]), classes);
  });
}

/** One-hot rows `[n, classes]` of int32 labels `[n]`. The caller disposes them. */
export function oneHotClasses(labels: tf.Tensor1D, classes: number): tf.Tensor2D {
  // Not as float32 at once: on WebAssembly (4.22) the ones would then be the bits of integers.
  return tf.tidy(() => tf.cast(tf.oneHot(labels, classes), 'float32') as tf.Tensor2D);
}

/**
 * The pixels of every pair, `[pairs, height width channels]`. The caller disposes them.
 *
 * @param known of the labelled images, `[labelled, height width channels]`
 * @param unknown of the unlabelled ones, `[unlabelled, height width channels]`
 */
export function pairPixels(known: tf.Tensor2D, unknown: tf.Tensor2D, classes: number): tf.Tensor2D {
  return tf.concat2d([known, ...Array.from({ length: classes }, () => unknown)], 0);
}
