/** A user's program on WebGPU that ends in one of several ways: `webgpu-child.ts <way>`. */
import * as tf from '@tensorflow/tfjs';
import { selectBackend } from '../../src/backend/backend.ts';

await selectBackend('webgpu');
const matrix = tf.ones([64, 64]) as tf.Tensor2D;
const product = tf.matMul(matrix, matrix);
process.stdout.write(`${(await product.data())[0]}\n`);

const ways: Record<string, () => unknown> = {
  ends: () => {},
  reads: () => void product.add(1).data(),
  fails: () => Promise.reject(new Error('mine')),
  exits: () => process.exit(3),
  status: () => {
    process.exitCode = 4;
  },
  'too-large': () => {
    const side =
      Math.ceil(Math.sqrt((tf.backend() as unknown as Device).device.limits.maxBufferSize / 4)) + 64;
    const column = tf.ones([side, 1]) as tf.Tensor2D;
    return tf.slice(tf.matMul(column, column, false, true), [0, 0], [1, 1]).data();
  },
  lost: () => {
    (tf.backend() as unknown as Device).device.destroy();
    return product.add(1).data();
  },
};

interface Device {
  readonly device: { destroy(): void; readonly limits: { readonly maxBufferSize: number } };
}

await ways[process.argv[2] as string]?.();
