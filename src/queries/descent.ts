/**
 * The inner loop of latent search: many latents at once down the gradient of what they decode to, the best
 * point of each remembered. Nothing is read back to the host, so that a device never waits.
 */
import { setImmediate } from 'node:timers/promises';
import * as tf from '@tensorflow/tfjs';
import type { Generator } from '../../generators/generator.ts';
import { Adam } from '../backend/adam.ts';
import { graphStep } from '../backend/graph-step.ts';
import type { Classifier } from '../classifiers/classifier.ts';
import { closeness } from './diversity.ts';
import { descended, type ObjectiveName } from './objectives.ts';
import { constrainNorms } from './prior.ts';

export interface DescentSettings {
  /** Rows stand start by start: start r of query i is row `r * queries + i`. */
  readonly queries: number;
  readonly objective: ObjectiveName;
  readonly steps: number;
  /** Adam step size, in latent units. */
  readonly learningRate: number;
  /** Smallest and largest norm of a latent. */
  readonly band: readonly [low: number, high: number];
  readonly diversityWeight: number;
}

export interface Descent {
  /** The point of lowest standing that each row has seen, its start included: `[rows, latentSize]`. */
  readonly latents: tf.Tensor2D;
  /** `[rows]`, 1 where at some step the best class was another than at the start, else 0. */
  readonly crossed: tf.Tensor1D;
}

/**
 * Adam's epsilon, in units of the gradient. The usual 1e-8 would hold a row back whose classifier is so sure
 * that its softmax's gradient is smaller still.
 */
const EPSILON = 1e-18;

/**
 * What is minimised. Without diversity {@link descended} of every row, `[restarts, queries]`. With weight w,
 * `mean_i descended_i + w closeness(images)` of every batch of r-th starts, `[restarts, 1]`.
 *
 * @param scores `[restarts * queries, classes]`
 * @param images `[restarts * queries, height, width, channels]`
 */
export function standingOf(
  scores: tf.Tensor2D,
  images: tf.Tensor4D,
  { queries, objective, diversityWeight }: Pick<DescentSettings, 'queries' | 'objective' | 'diversityWeight'>,
): tf.Tensor2D {
  return tf.tidy(() => {
    const each = tf.reshape(descended(objective, scores), [-1, queries]) as tf.Tensor2D;
    if (diversityWeight === 0) return each;
    const batches = tf.reshape(images, [each.shape[0], queries, -1]) as tf.Tensor3D;
    const apart = tf.expandDims(closeness(batches), 1);
    return tf.add(tf.mean(each, 1, true), tf.mul(apart, diversityWeight)) as tf.Tensor2D;
  });
}

/**
 * `steps` steps of Adam on the latents alone, each followed by a return into the band. The moments of Adam are
 * elementwise and the sum of standings is descended, so rows do not feel each other unless diversity couples
 * them.
 *
 * @param starts `[rows, latentSize]`, within the band. Not disposed.
 * @returns tensors the caller disposes
 */
export async function descend(
  generator: Generator,
  classifier: Classifier,
  starts: tf.Tensor2D,
  settings: DescentSettings,
): Promise<Descent> {
  const { queries, steps, learningRate, band, diversityWeight } = settings;
  const [rows, latentSize] = starts.shape;
  const restarts = rows / queries;
  const latents = variableOf(() => starts);
  const best = variableOf(() => tf.reshape(starts, [restarts, queries, latentSize]));
  const lowest = variableOf(() =>
    tf.fill([restarts, diversityWeight === 0 ? queries : 1], Number.POSITIVE_INFINITY),
  );
  const crossed = variableOf(() => tf.zeros([rows]));
  const startClasses = variableOf(() => tf.fill([rows], -1));
  const adam = new Adam([latents], { learningRate, epsilon: EPSILON });

  let scores: tf.Tensor2D | undefined;
  const standing = (at: tf.Tensor): tf.Tensor2D => {
    const images = generator.generate(at as tf.Tensor2D);
    scores = tf.keep(classifier.scores(images));
    return standingOf(scores, images, settings);
  };
  const note = (value: tf.Tensor): void => {
    const here = tf.reshape(latents, best.shape);
    // False for NaN: a row that breaks down keeps the best it had.
    const better = tf.less(value, lowest);
    best.assign(tf.where(tf.expandDims(better, 2), here, best));
    lowest.assign(tf.where(better, value, lowest));
    const classes = tf.cast(tf.argMax(scores as tf.Tensor2D, 1), 'float32');
    startClasses.assign(tf.where(tf.less(startClasses, 0), classes, startClasses));
    crossed.assign(tf.maximum(crossed, tf.cast(tf.notEqual(classes, startClasses), 'float32')));
  };

  const descendOnce = (): object =>
    tf.tidy(() => {
      try {
        // Only the latents are differentiated: no gradient of a weight is computed.
        const { value, grad } = tf.valueAndGrad(standing)(latents);
        note(value);
        adam.apply({ [latents.name]: grad });
        latents.assign(constrainNorms(latents as tf.Tensor as tf.Tensor2D, band));
        return {};
      } finally {
        scores?.dispose();
      }
    });
  // Generator and classifier do not change during a search. The next round's has others of the same shapes.
  const update = graphStep(descendOnce, { usesConstants: true, keepsGraph: true });

  try {
    for (let step = 0; step < steps; step++) {
      // A search may take seconds; between two steps, timers and signals get their turn.
      await setImmediate();
      update({});
    }
    tf.tidy(() => {
      try {
        note(standing(latents));
      } finally {
        scores?.dispose();
      }
    });
    return {
      latents: tf.reshape(best, [rows, latentSize]) as tf.Tensor2D,
      crossed: tf.clone(crossed) as tf.Tensor as tf.Tensor1D,
    };
  } finally {
    // In this order, so that nobody asks the graph for moments.
    adam.dispose();
    update.dispose();
    tf.dispose([latents, best, lowest, crossed, startClasses]);
  }
}

/** A variable of its own, outside any tidy; the tensor it starts from is not kept. */
function variableOf(make: () => tf.Tensor): tf.Variable {
  return tf.tidy(() => tf.variable(make(), false));
}
