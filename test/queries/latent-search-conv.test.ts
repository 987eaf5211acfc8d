/** Latent search through a convolutional generator, on the backend that experiments run on. */
import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, test } from 'vitest';
import { Dcgan } from '../../generators/dcgan.ts';
import { createDcganNetwork, dcganShapes } from '../../generators/dcgan-networks.ts';
import { selectBackend } from '../../src/backend/backend.ts';
import { type ImageShape, imageSize, toModelRange } from '../../src/datasets/dataset.ts';
import { searchLatents } from '../../src/queries/latent-search.ts';
import { rootStream } from '../../src/random.ts';
import { randomSvm, scoresOf } from './toys.ts';

const SHAPE: ImageShape = [8, 4, 2];
const stream = rootStream(2).of('conv');

beforeAll(async () => {
  await selectBackend('wasm');
});

/** An untrained DCGAN, its weights from N(0, 0.3) for N(0, 0.02) so that images fill the range. */
function generatorOf(): { generator: Dcgan; weights: tf.Variable[] } {
  const architecture = { latentSize: 6, channels: [6, 4], shape: SHAPE };
  const shapes = dcganShapes(architecture);
  const network = createDcganNetwork(shapes.generator, rootStream(3).of('generator'));
  for (const [name, variable] of Object.entries(network.weights)) {
    if (/weights$|filters$/.test(name)) tf.tidy(() => variable.assign(tf.mul(variable, 15)));
  }
  const critic = createDcganNetwork(shapes.discriminator, rootStream(3).of('discriminator'));
  const weights = [network, critic].flatMap((part) => [
    ...Object.values(part.weights),
    ...Object.values(part.statistics),
  ]);
  return { generator: new Dcgan(architecture, { generator: network, discriminator: critic }), weights };
}

const bitsOf = (variables: readonly tf.Tensor[]) =>
  Promise.all(
    variables.map(async (variable) => [...new Uint32Array(Float32Array.from(await variable.data()).buffer)]),
  );

test('reaches the boundary, leaves every weight as it was and computes no gradient of one', async () => {
  const { generator, weights } = generatorOf();
  const classifier = randomSvm(SHAPE, 0);
  const before = await bitsOf([...weights, ...classifier.variables]);
  const tensors = tf.memory().numTensors;
  const profile = await tf.profile(async () => {
    const found = await searchLatents(generator, classifier, stream, { queries: 4, restarts: 2 });
    const mean = (values: Float32Array) => values.reduce((a, b) => a + b, 0) / values.length;
    expect(mean(found.objectiveEnd)).toBeLessThan(0.01 * mean(found.objectiveStart));
    expect(mean(found.objectiveEndQuantised)).toBeLessThan(0.1 * mean(found.objectiveStart));
    const size = imageSize(SHAPE);
    for (let query = 0; query < 4; query++) {
      const image = toModelRange(found.images.slice(query * size, (query + 1) * size));
      const [first, second] = scoresOf(classifier, image) as [number, number];
      expect(found.objectiveEndQuantised[query]).toBeCloseTo(Math.abs(second - first), 4);
    }
    return tf.scalar(0);
  });
  (profile.result as unknown as tf.Tensor).dispose();
  expect(profile.kernelNames).toContain('Conv2D');
  expect(profile.kernelNames).not.toContain('Conv2DBackpropFilter');
  expect(await bitsOf([...weights, ...classifier.variables])).toEqual(before);
  expect(tf.memory().numTensors).toBe(tensors);
});

test('no query depends on its neighbours, and the same stream gives the same bytes', async () => {
  const { generator } = generatorOf();
  const classifier = randomSvm(SHAPE, 0);
  const search = (queries: number) =>
    searchLatents(generator, classifier, stream, { queries, restarts: 1, steps: 40 });
  const [two, again, five] = [await search(2), await search(2), await search(5)];
  expect(again).toEqual(two);
  two.latents.forEach((value, i) => {
    expect(Math.abs(five.latents[i]! - value)).toBeLessThan(1e-3);
  });
});
