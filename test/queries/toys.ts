/** Tiny real models with known answers. */
import * as tf from '@tensorflow/tfjs';
import type { Generator } from '../../generators/generator.ts';
import type { TrainedClassifier } from '../../src/classifiers/classifier.ts';
import { LinearSvmConfig } from '../../src/classifiers/config.ts';
import { type ImageShape, imageSize } from '../../src/datasets/dataset.ts';
import { rootStream } from '../../src/random.ts';

/** `G(z) = z M`, with M `[latentSize, size]` row-major. */
export function linearGenerator(matrix: Float32Array, latentSize: number, shape: ImageShape): Generator {
  const map = tf.tensor2d(matrix, [latentSize, imageSize(shape)]);
  return {
    kind: 'linear',
    prior: 'normal',
    latentSize,
    shape,
    generate: (latents) => tf.tidy(() => tf.reshape(tf.matMul(latents, map), [-1, ...shape]) as tf.Tensor4D),
    dispose: () => map.dispose(),
  };
}

/** Entries of M from N(0, scale^2): images stay well inside [-1, 1] for small scales. */
export function randomLinearGenerator(latentSize: number, shape: ImageShape, scale = 0.05): Generator {
  const matrix = rootStream(5)
    .of('generator')
    .normals(latentSize * imageSize(shape));
  return linearGenerator(
    matrix.map((value) => value * scale),
    latentSize,
    shape,
  );
}

export interface ToyClassifier extends TrainedClassifier {
  /** `[size, classes]`, row-major. */
  readonly kernel: Float32Array;
  readonly biases: readonly number[];
  /** What it computes with. */
  readonly variables: readonly tf.Variable[];
}

/** Scores `x W + b` of images flattened in the order height, width, channel. */
export function linearClassifier(
  kernel: Float32Array,
  biases: readonly number[],
  shape: ImageShape,
): ToyClassifier {
  const classes = biases.length;
  // Trainable variables, as a network's are, so that a careless optimiser would move them.
  const [matrix, offset] = tf.tidy(() => [
    tf.variable(tf.tensor2d(kernel, [imageSize(shape), classes])),
    tf.variable(tf.tensor1d([...biases])),
  ]);
  const features = (images: tf.Tensor4D) => tf.reshape(images, [images.shape[0], -1]) as tf.Tensor2D;
  return {
    classes,
    shape,
    kernel,
    biases,
    config: LinearSvmConfig.parse({ kind: 'linear-svm' }),
    training: { labels: 0, updates: 0, objective: 0, dualityGap: null },
    weights: () => new Map(Object.entries({ matrix, offset } as Record<string, tf.Tensor>)),
    variables: [matrix, offset] as tf.Variable[],
    features,
    scores: (images) =>
      tf.tidy(
        () =>
          tf.add(
            tf.matMul(features(images), matrix as tf.Tensor as tf.Tensor2D),
            offset as tf.Tensor,
          ) as tf.Tensor2D,
      ),
    dispose: () => tf.dispose([matrix, offset] as tf.Tensor[]),
  };
}

/** A linear SVM of two classes: scores `[-f/2, f/2]` of `f = w . x + b`. */
export function toySvm(weights: readonly number[], bias: number, shape: ImageShape): ToyClassifier {
  const halves = Float32Array.from(weights.flatMap((weight) => [-weight / 2, weight / 2]));
  return linearClassifier(halves, [-bias / 2, bias / 2], shape);
}

/** Weights from N(0, 1): random images of {@link randomLinearGenerator} lie on either side. */
export function randomSvm(shape: ImageShape, bias = 0.5): ToyClassifier {
  return toySvm([...rootStream(6).of('svm').normals(imageSize(shape))], bias, shape);
}

/** Scores of one image, `[size]` in model range, in double precision on the host. */
export function scoresOf({ kernel, biases }: ToyClassifier, image: ArrayLike<number>): number[] {
  return biases.map((bias, label) => {
    let score = bias;
    for (let i = 0; i < image.length; i++) score += image[i]! * kernel[i * biases.length + label]!;
    return score;
  });
}

/** Gradient of `sum f(x)` at x, by central differences. */
export async function numericGradient(
  f: (x: tf.Tensor) => tf.Tensor,
  at: tf.Tensor,
  step = 1e-2,
): Promise<number[]> {
  const values = await at.data();
  const gradient: number[] = [];
  for (let i = 0; i < values.length; i++) {
    const [up, down] = [1, -1].map((sign) => {
      const moved = Float32Array.from(values);
      moved[i]! += sign * step;
      return tf.tidy(() => tf.sum(f(tf.tensor(moved, at.shape))));
    });
    gradient.push(((await up!.data())[0]! - (await down!.data())[0]!) / (2 * step));
    tf.dispose([up!, down!]);
  }
  return gradient;
}
