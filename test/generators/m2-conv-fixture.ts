/**
 * A small convolutional M2 and batches for it, as test/fixtures/m2-conv-step.py has them.
 */
import * as tf from '@tensorflow/tfjs';
import { M2Config } from '../../generators/m2-config.ts';
import { waves } from './waves.ts';

export const SHAPE = [4, 4, 2] as const;
export const CONFIG = M2Config.parse({
  kind: 'm2',
  classes: 3,
  latentSize: 2,
  network: { kind: 'conv', filters: [3, 2], units: 4, channels: [2, 3], hidden: 5 },
  likelihood: 'real',
  learningRate: 0.01,
});
export const IMAGES = { labelled: 30, unlabelled: 70 };
export const [KNOWN, UNKNOWN] = [3, 4];

export function images(phase: number, n: number): tf.Tensor4D {
  return tf.tensor4d(waves(phase, 0.9, 0, n * 32), [n, ...SHAPE]);
}

export function batch(step = 0) {
  return {
    images: {
      labelled: images(100 + step, KNOWN),
      labels: tf.tensor1d([2, 0, 1], 'int32'),
      unlabelled: images(200 + step, UNKNOWN),
    },
    noise: {
      labelledLatents: tf.tensor2d(waves(300 + step, 1.5, 0, KNOWN * 2), [KNOWN, 2]),
      unlabelledLatents: tf.tensor3d(waves(400 + step, 1.5, 0, 3 * UNKNOWN * 2), [3, UNKNOWN, 2]),
      kept: tf.tensor2d(
        waves(500 + step, 1, 0.3, (KNOWN + UNKNOWN) * 4).map((value) => (value > 0 ? 2 : 0)),
        [KNOWN + UNKNOWN, 4],
      ),
    },
  };
}
