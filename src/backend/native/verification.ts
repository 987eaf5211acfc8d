/**
 * A program of its own that loads native TensorFlow and checks its arithmetic: `verification [build as JSON]`. Without
 * an argument it loads what the library would choose by itself.
 *
 * A process of its own, because a library that does not fit may end it, and because none can be unloaded again.
 * Prints {@link Verified} as JSON; otherwise one sentence on stderr and exit status 1.
 */
import { createRequire } from 'node:module';
import path from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { bindingFile, type NativeBuild } from '../native-build.ts';
import { startNativeBuild, startTensorFlow } from '../native-tensorflow.ts';
import { oneSentence } from '../one-sentence.ts';

/** What a TensorFlow that works says. */
export interface Verified {
  /** Package and version, such as `@tensorflow/tfjs-node 4.22.0 on TensorFlow 2.21.0`. */
  readonly detail: string;
  /** Version of the library; null for an npm package, which does not tell. */
  readonly tensorflow: string | null;
}

async function verify(build: NativeBuild | undefined): Promise<Verified> {
  tf.enableProdMode();
  const detail = build === undefined ? await startTensorFlow() : startNativeBuild(build);
  if (!(await tf.setBackend('tensorflow'))) throw new Error('TensorFlow.js could not start it');
  const square = tf.tensor2d([1, 2, 3, 4], [2, 2]);
  await expect('a matrix product', tf.matMul(square, square), [7, 10, 15, 22]);
  const image = tf.tensor4d([1, 2, 3, 4, 5, 6, 7, 8, 9], [1, 3, 3, 1]);
  const filter = tf.tensor4d([1, 2, 3, 4], [2, 2, 1, 1]);
  await expect('a convolution', tf.conv2d(image, filter, 1, 'valid'), [37, 47, 67, 77]);
  return { detail, tensorflow: build === undefined ? null : versionOf(build) };
}

async function expect(what: string, tensor: tf.Tensor, wanted: readonly number[]): Promise<void> {
  const got = await tensor.data();
  if (wanted.length !== got.length || wanted.some((value, index) => value !== got[index])) {
    throw new Error(`${what}: expected ${wanted.join(' ')}, got ${Array.from(got).join(' ')}`);
  }
}

function versionOf({ folder }: NativeBuild): string {
  return (createRequire(import.meta.url)(path.join(folder, bindingFile)) as { TF_Version: string })
    .TF_Version;
}

const [build] = process.argv.slice(2);
try {
  const verified = await verify(build === undefined ? undefined : (JSON.parse(build) as NativeBuild));
  process.stdout.write(`${JSON.stringify(verified)}\n`);
} catch (error) {
  process.stderr.write(`${oneSentence(error)}\n`);
  process.exitCode = 1;
}
