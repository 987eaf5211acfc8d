/** One training step of the semi-supervised model M2. */
import * as tf from '@tensorflow/tfjs';
import { M2Config } from '../../generators/m2-config.ts';
import {
  createM2Training,
  disposeM2Training,
  type M2Batch,
  type M2Noise,
  m2Step,
  m2Variables,
} from '../../generators/m2-step.ts';
import { graphStep } from '../../src/backend/graph-step.ts';
import type { ImageShape } from '../../src/datasets/dataset.ts';
import type { CaseSize, StepCase } from './case.ts';
import { readAll } from './read.ts';

interface Sizes {
  readonly shape: ImageShape;
  readonly classes: number;
  readonly hidden: readonly number[];
  readonly latentSize: number;
  readonly labelled: number;
  readonly unlabelled: number;
}

const SIZES: Readonly<Record<CaseSize, Sizes>> = {
  full: { shape: [28, 28, 1], classes: 10, hidden: [500], latentSize: 50, labelled: 100, unlabelled: 100 },
  tiny: { shape: [6, 6, 1], classes: 3, hidden: [7], latentSize: 3, labelled: 5, unlabelled: 4 },
};

/** The default network on binarised 28 x 28 images. The weighting lets every term count in the gradients. */
export const m2: StepCase = {
  name: 'm2-500-50',
  describe: (size) => {
    const { shape, classes, hidden, latentSize, labelled, unlabelled } = SIZES[size];
    const pixels = tf.util.sizeFromShape([...shape]);
    const network = `M2 ${pixels}-${hidden.join('-')}-${latentSize}, binarised pixels`;
    return `${network}, ${labelled} labelled and ${unlabelled} x ${classes} classes: one update`;
  },
  create: (size, stream) => {
    const { shape, classes, hidden, latentSize, labelled, unlabelled } = SIZES[size];
    const config = M2Config.parse({
      kind: 'm2',
      classes,
      network: { kind: 'mlp', hidden },
      latentSize,
      weighting: { alpha: 60 },
    });
    const training = createM2Training(config, shape, { labelled, unlabelled }, stream.of('training'));
    const inRange = (name: string, n: number) => {
      const values = stream.of(name).uniforms(n * tf.util.sizeFromShape([...shape]));
      return tf.tensor4d(
        values.map((value) => 2 * value - 1),
        [n, ...shape],
      );
    };
    const batch = {
      labelled: inRange('labelled', labelled),
      labels: tf.tensor1d(
        Array.from({ length: labelled }, (_, row) => row % classes),
        'int32',
      ),
      unlabelled: inRange('unlabelled', unlabelled),
    };
    const normals = stream.of('latents');
    const noise = {
      labelledLatents: tf.tensor2d(normals.normals(labelled * latentSize), [labelled, latentSize]),
      unlabelledLatents: tf.tensor3d(normals.normals(classes * unlabelled * latentSize), [
        classes,
        unlabelled,
        latentSize,
      ]),
      pixels: {
        labelled: inRange('labelled pixels', labelled),
        unlabelled: inRange('unlabelled pixels', unlabelled),
      },
    };
    const update = graphStep((inputs: { batch: M2Batch; noise: M2Noise }) =>
      m2Step(training, inputs.batch, inputs.noise),
    );
    return {
      gflop: m2Flop(SIZES[size]) / 1e9,
      step: () => readAll({ ...update({ batch, noise }) }),
      variables: m2Variables(training),
      optimisers: { adam: training.adam },
      dispose: () => {
        update.dispose();
        disposeM2Training(training);
        tf.dispose([batch, noise]);
      },
    };
  },
};

/**
 * Useful operations of one step. A dense layer costs `2 n inputs outputs`, and the same again for its gradient by
 * weights and, but for first layers, by inputs.
 *
 * The classifier and the encoder's first layer see each image once. Everything behind sees the pairs of an image and
 * a class: `labelled + classes unlabelled` of them. The decoder's first layer passes gradients on to the latents. Rows
 * of `W_y` are looked up, not multiplied, and not counted.
 */
export function m2Flop({ shape, classes, hidden, latentSize, labelled, unlabelled }: Sizes): number {
  const pixels = tf.util.sizeFromShape([...shape]);
  const images = labelled + unlabelled;
  const pairs = labelled + classes * unlabelled;
  const last = hidden.at(-1) ?? 0;
  const between = hidden.slice(1).reduce((sum, units, i) => sum + units * (hidden[i] as number), 0);
  const first = pixels * (hidden[0] ?? 0);
  const classifier = 2 * first + 3 * (between + last * classes);
  const encoderOfImages = 2 * first;
  const encoderOfPairs = 3 * (between + last * 2 * latentSize);
  const decoder = 3 * (latentSize * last + between + first);
  return 2 * (images * (classifier + encoderOfImages) + pairs * (encoderOfPairs + decoder));
}
