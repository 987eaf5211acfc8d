/**
 * Reading a classifier: scores of many images, and what follows from a table of scores.
 *
 * Tables are `[n, classes]`, row-major, on the host, so that nothing here depends on a backend.
 */
import * as tf from '@tensorflow/tfjs';
import { type ImageShape, imageSize, imageTensor, type Split } from '../datasets/dataset.ts';
import type { Stream } from '../random.ts';
import { checkInteger } from '../shapes.ts';
import type { Classifier } from './classifier.ts';

/**
 * Class scores `[n, classes]` of bytes `[n, height, width, channels]`, `block` images at a time.
 *
 * Every block has the same size, the last one filled up with black images, because kernels may sum in another
 * order for another batch size: a row's scores depend on neither the number nor the order of the rows. The
 * kernels of the wasm and cpu backends give the same bits at any block size; others may differ in the last bits.
 *
 * @param block images a block; more need more memory and are hardly faster
 * @throws RangeError if the bytes are no whole number of images; Error if a score is not finite
 */
export async function scoreImages(
  classifier: Classifier,
  bytes: Uint8Array,
  block = 128,
): Promise<Float32Array> {
  const rowsOf = (images: tf.Tensor4D) => classifier.scores(images);
  return tableOf('scoreImages', classifier.shape, bytes, block, rowsOf);
}

/**
 * Features `[n, featureSize]` of bytes `[n, height, width, channels]`: the inputs of the classifier's last layer. Blocks,
 * and errors, as {@link scoreImages} has them.
 */
export async function featuresOfImages(
  classifier: Classifier,
  bytes: Uint8Array,
  block = 128,
): Promise<Float32Array> {
  const rowsOf = (images: tf.Tensor4D) => classifier.features(images);
  return tableOf('featuresOfImages', classifier.shape, bytes, block, rowsOf);
}

/**
 * Class scores `[n, passes, classes]` of networks drawn by dropout, `passes` rows an image one after another; the same for
 * the same stream, which does not move. Blocks, and errors, as {@link scoreImages} has them.
 *
 * @throws Error if the classifier was trained without dropout
 */
export async function sampleScoresOfImages(
  classifier: Classifier,
  bytes: Uint8Array,
  stream: Stream,
  passes: number,
  block = 128,
): Promise<Float32Array> {
  const { classes, shape } = classifier;
  const sampleScores = classifier.sampleScores?.bind(classifier);
  if (sampleScores === undefined) {
    throw new Error('sampleScoresOfImages.classifier: expected one trained with dropout, got one without');
  }
  const rowsOf = (images: tf.Tensor4D): tf.Tensor2D =>
    tf.tidy(() => {
      const byImage = tf.transpose(sampleScores(images, stream, passes), [1, 0, 2]); // [n, passes, classes]
      return tf.reshape(byImage, [images.shape[0], passes * classes]);
    });
  return tableOf('sampleScoresOfImages', shape, bytes, block, rowsOf);
}

/** What `rowsOf` gives for every image, `[n, size]`. */
async function tableOf(
  name: string,
  shape: ImageShape,
  bytes: Uint8Array,
  block: number,
  rowsOf: (images: tf.Tensor4D) => tf.Tensor2D,
): Promise<Float32Array> {
  checkInteger(`${name}.block`, block, 1);
  const size = imageSize(shape);
  const n = bytes.length / size;
  if (!Number.isInteger(n)) {
    throw new RangeError(
      `${name}.bytes: expected images of [${shape.join(', ')}], got ${bytes.length} bytes`,
    );
  }
  let table = new Float32Array(0);
  let columns = 0;
  for (let start = 0; start < n; start += block) {
    const rows = Math.min(block, n - start);
    const values = await blockOf(bytes.subarray(start * size, (start + rows) * size), block, shape, rowsOf);
    if (start === 0) {
      columns = values.length / block;
      table = new Float32Array(n * columns);
    }
    table.set(values.subarray(0, rows * columns), start * columns);
  }
  const broken = table.findIndex((value) => !Number.isFinite(value));
  if (broken >= 0) {
    const row = Math.floor(broken / columns);
    const what = name === 'featuresOfImages' ? 'features' : 'scores';
    throw new Error(`${name}: expected finite ${what}, got ${table[broken]} for image ${row}`);
  }
  return table;
}

async function blockOf(
  bytes: Uint8Array,
  block: number,
  shape: ImageShape,
  rowsOf: (images: tf.Tensor4D) => tf.Tensor2D,
): Promise<Float32Array> {
  const filled = new Uint8Array(block * imageSize(shape));
  filled.set(bytes);
  const images = imageTensor(filled, shape);
  try {
    const rows = rowsOf(images);
    try {
      return await rows.data<'float32'>();
    } finally {
      rows.dispose();
    }
  } finally {
    images.dispose();
  }
}

/**
 * Class probabilities `[n, classes]`: the softmax of each row, `exp(s_k) / sum_j exp(s_j)`.
 *
 * A network is trained on their logarithm. A linear SVM is not: its softmax (of two classes: the logistic
 * function of the decision value) ranks as the scores do, but no share of images stands behind a value.
 */
export function probabilities(scores: Float32Array, classes: number): Float32Array {
  checkTable('probabilities.scores', scores, classes);
  const probs = new Float32Array(scores.length);
  for (let start = 0; start < scores.length; start += classes) {
    const row = scores.subarray(start, start + classes);
    const top = row.reduce((largest, score) => Math.max(largest, score), Number.NEGATIVE_INFINITY);
    const sum = row.reduce((total, score) => total + Math.exp(score - top), 0);
    for (let k = 0; k < classes; k++) probs[start + k] = Math.exp((row[k] as number) - top) / sum;
  }
  return probs;
}

/** The class of the largest score of each row, `[n]`; of equal ones the first. */
export function predictedClasses(scores: Float32Array, classes: number): Uint8Array {
  checkTable('predictedClasses.scores', scores, classes);
  const predicted = new Uint8Array(scores.length / classes);
  for (let row = 0; row < predicted.length; row++) {
    let best = 0;
    for (let k = 1; k < classes; k++) {
      if ((scores[row * classes + k] as number) > (scores[row * classes + best] as number)) best = k;
    }
    predicted[row] = best;
  }
  return predicted;
}

/**
 * Margins `[n]`: the largest value of each row minus the second largest, at least 0. Of the scores of a linear
 * SVM with two classes, that is `|f|`.
 */
export function margins(scores: Float32Array, classes: number): Float32Array {
  checkTable('margins.scores', scores, classes);
  const differences = new Float32Array(scores.length / classes);
  for (let row = 0; row < differences.length; row++) {
    let top = Number.NEGATIVE_INFINITY;
    let second = Number.NEGATIVE_INFINITY;
    for (let k = 0; k < classes; k++) {
      const score = scores[row * classes + k] as number;
      if (score > top) [top, second] = [score, top];
      else if (score > second) second = score;
    }
    differences[row] = top - second;
  }
  return differences;
}

/** Entropies `[n]` of rows of probabilities, in nats: `-sum_k p_k ln p_k`, where `0 ln 0 = 0`. */
export function entropies(probs: Float32Array, classes: number): Float32Array {
  checkTable('entropies.probs', probs, classes);
  const values = new Float32Array(probs.length / classes);
  for (let row = 0; row < values.length; row++) {
    let entropy = 0;
    for (let k = 0; k < classes; k++) {
      const p = probs[row * classes + k] as number;
      if (p > 0) entropy -= p * Math.log(p);
    }
    values[row] = entropy;
  }
  return values;
}

/**
 * Share of a split's images whose {@link predictedClasses} is their label, in [0, 1].
 *
 * @throws RangeError if the split is empty
 */
export async function accuracy(classifier: Classifier, split: Split): Promise<number> {
  checkInteger('accuracy.split.n', split.n, 1);
  return shareRight(await confusionOf(classifier, split), classifier.classes);
}

/**
 * How many images of each class are taken for each, `[classes * classes]`, row-major: rows are labels, columns
 * {@link predictedClasses}.
 *
 * @throws RangeError if the split is empty, or a label is none of the classifier's classes
 */
export async function confusionOf(classifier: Classifier, split: Split): Promise<number[]> {
  const { classes } = classifier;
  checkInteger('confusionOf.split.n', split.n, 1);
  const strange = split.labels.find((label) => label >= classes);
  if (strange !== undefined) {
    throw new RangeError(`confusionOf.split.labels: expected classes in [0, ${classes}), got ${strange}`);
  }
  const predicted = predictedClasses(await scoreImages(classifier, split.images), classes);
  const counts = new Array<number>(classes * classes).fill(0);
  predicted.forEach((column, image) => {
    const cell = (split.labels[image] as number) * classes + column;
    counts[cell] = (counts[cell] as number) + 1;
  });
  return counts;
}

/** The diagonal's share of a table of {@link confusionOf}, in [0, 1]. */
export function shareRight(confusion: readonly number[], classes: number): number {
  const all = confusion.reduce((sum, count) => sum + count, 0);
  const right = confusion.reduce((sum, count, cell) => sum + (cell % (classes + 1) === 0 ? count : 0), 0);
  return right / all;
}

function checkTable(name: string, table: Float32Array, classes: number): void {
  if (!Number.isInteger(classes) || classes < 2 || table.length % classes !== 0) {
    throw new RangeError(
      `${name}: expected rows of ${classes} classes, two or more, got ${table.length} values`,
    );
  }
}
