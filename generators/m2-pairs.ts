/**
 * Pairs of an image and a class, for which M2's bounds are formed: a labelled image with its label, an unlabelled one
 * with every class. A batch's pairs are rows of one matrix: first the labelled images, then all unlabelled images with
 * class 0, then all with class 1, and so on.
 */
import * as tf from '@tensorflow/tfjs';
import type { M2Layers } from './m2-networks.ts';
import type { Gaussians } from './mlp-terms.ts';
import { type Network, variableOf } from './network.ts';
import type { Variables } from './variables.ts';

/** The rows of `W_y` of the layer in which encoder and decoder meet the class, `[classes, units]`. */
const CLASS_ROWS = 'hidden0/classes';

/**
 * The approximate posteriors `q(z|x, y)` of images and one class each, `[n, latentSize]`. The caller disposes both.
 *
 * @param pixels `[n, height width channels]` in [0, 1]
 * @param labels int32 `[n]`
 */
export function encodeLabelled(
  layers: M2Layers,
  encoder: Network,
  pixels: tf.Tensor2D,
  labels: tf.Tensor1D,
): Gaussians {
  return tf.tidy(() => {
    const ofLabels = tf.gather(variableOf<tf.Tensor2D>(encoder.weights, CLASS_ROWS), labels);
    return layers.posteriors(encoder, tf.add(layers.encodeImages(encoder, pixels), ofLabels));
  });
}

/**
 * The approximate posteriors of images whose class is known by probabilities alone: `q(z|x, y)` with `sum_y p(y) W_y` where
 * a class has its row of `W_y`, which for one certain class is the same. `[n, latentSize]` each; the caller disposes both.
 *
 * @param pixels `[n, height width channels]` in [0, 1]
 * @param probs `[n, classes]`
 */
export function encodeMixed(
  layers: M2Layers,
  encoder: Network,
  pixels: tf.Tensor2D,
  probs: tf.Tensor2D,
): Gaussians {
  return tf.tidy(() => {
    const ofClasses = tf.matMul(probs, variableOf<tf.Tensor2D>(encoder.weights, CLASS_ROWS));
    return layers.posteriors(encoder, tf.add(layers.encodeImages(encoder, pixels), ofClasses));
  });
}

/**
 * The approximate posteriors `q(z|x, y)` of all pairs, `[pairs, latentSize]` each. The caller disposes both.
 *
 * What depends on the image alone is computed once an image, not once a pair; a class adds its row of `W_y`.
 *
 * @param pixels `[labelled + unlabelled, height width channels]` in [0, 1], the labelled images first
 * @param labels int32 `[labelled]`
 */
export function encodePairs(
  layers: M2Layers,
  encoder: Network,
  pixels: tf.Tensor2D,
  labels: tf.Tensor1D,
): Gaussians {
  return tf.tidy(() => {
    const ofImages = layers.encodeImages(encoder, pixels);
    const ofClasses = variableOf<tf.Tensor2D>(encoder.weights, CLASS_ROWS);
    return layers.posteriors(encoder, addClasses(ofImages, tf.gather(ofClasses, labels), ofClasses));
  });
}

/**
 * The approximate posteriors of every image with every class, `[classes n, latentSize]` each, all with class 0 first.
 * The caller disposes both.
 *
 * @param pixels `[n, height width channels]` in [0, 1]
 */
export function encodeEvery(layers: M2Layers, encoder: Network, pixels: tf.Tensor2D): Gaussians {
  return tf.tidy(() => {
    const ofImages = layers.encodeImages(encoder, pixels);
    const ofClasses = variableOf<tf.Tensor2D>(encoder.weights, CLASS_ROWS);
    const sums = tf.add(tf.expandDims(ofImages, 0), tf.expandDims(ofClasses, 1)); // [classes, n, units]
    return layers.posteriors(encoder, tf.reshape(sums, [-1, ofImages.shape[1]]));
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
 * `W_z z + W_y y + b` of the decoder's first layer, `[n, units]`. The caller disposes it.
 *
 * @param latents `[n, latentSize]`
 * @param classes `[n, classes]`, one-hot
 */
export function withClasses(weights: Variables, latents: tf.Tensor2D, classes: tf.Tensor2D): tf.Tensor2D {
  return tf.tidy(() => {
    // One product with [latent, class] is the sum without another pass over it: every pair has one class, so the bias
    // can stand in the rows of the classes.
    const ofClasses: tf.Tensor2D = tf.add(
      variableOf<tf.Tensor2D>(weights, CLASS_ROWS),
      variableOf<tf.Tensor1D>(weights, 'hidden0/bias'),
    );
    const joined = tf.concat2d([variableOf(weights, 'hidden0/weights'), ofClasses], 0);
    return tf.matMul(tf.concat2d([latents, classes], 1), joined);
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
    return oneHotClasses(tf.concat1d([labels, everyClass(unlabelled, classes)]), classes);
  });
}

/** The classes, each `n` times in a row, int32 `[classes n]`. The caller disposes them. */
export function everyClass(n: number, classes: number): tf.Tensor1D {
  return tf.tensor1d(
    Int32Array.from({ length: classes * n }, (_, pair) => Math.floor(pair / n)),
    'int32',
  );
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
