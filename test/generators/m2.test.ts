import * as tf from '@tensorflow/tfjs';
import { beforeEach, expect, test } from 'vitest';
import { type M2, m2Model } from '../../generators/m2.ts';
import { M2Config } from '../../generators/m2-config.ts';
import { selectBackend } from '../../src/backend/backend.ts';
import { rootStream } from '../../src/random.ts';

beforeEach(async () => {
  await selectBackend('cpu');
});

const SHAPE = [4, 4, 1] as const;
const NETWORKS = [
  { kind: 'mlp', hidden: [5, 6] },
  { kind: 'conv', filters: [3, 2], units: 4, channels: [2, 3], hidden: 5 },
] as const;

function model(network: (typeof NETWORKS)[number]) {
  const config = M2Config.parse({ kind: 'm2', classes: 3, latentSize: 2, network });
  return m2Model.train(config, SHAPE, { images: 70, labelled: 30 }, rootStream(1));
}

function images(n: number): tf.Tensor4D {
  const values = rootStream(2).uniforms(n * 16);
  return tf.tensor4d(
    values.map((value) => 2 * value - 1),
    [n, ...SHAPE],
  );
}

test.each([
  [NETWORKS[0], { hidden0: [5], hidden1: [6] }],
  [NETWORKS[1], { conv0: [2, 2, 3], conv1: [2, 2, 2], hidden0: [4] }],
] as const)(
  'features are the hidden layers of the classifier, the last of them linear in the logits: $kind',
  async (network, shapes) => {
    const training = model(network);
    const m2 = training.sampler as M2;
    expect(m2.featureLayers).toEqual(Object.keys(shapes));
    for (const [layer, shape] of Object.entries(shapes)) {
      expect(m2.features(images(2), layer).shape).toEqual([2, ...shape]);
    }
    const last = m2.features(images(2), m2.featureLayers.at(-1)!) as tf.Tensor2D;
    const saved = await training.weights();
    const of = (name: string, shape: number[]) =>
      tf.tensor(Float32Array.from(saved.get(`classifier/logits/${name}`)!.values), shape);
    const logits = tf.add(tf.matMul(last, of('weights', [last.shape[1], 3])), of('bias', [3]));
    const [expected, actual] = [await logits.data(), await m2.classify(images(2)).data()];
    expected.forEach((value, i) => {
      expect(actual[i]).toBeCloseTo(value, 5);
    });
    expect(() => m2.features(images(2), 'pixels')).toThrow(
      `features.layer: expected one of ${Object.keys(shapes).join(', ')}, got pixels`,
    );
    training.dispose();
  },
);

test.each(NETWORKS)('codes and images follow the class that they are asked for: $kind', async (network) => {
  const training = model(network);
  const m2 = training.sampler as M2;
  const labels = (...values: number[]) => tf.tensor1d(values, 'int32');
  const same = tf.tile(tf.slice(images(1), [0], [1]), [2, 1, 1, 1]);
  for (const of of [
    (...classes: number[]) => m2.encode(same, labels(...classes)),
    (...classes: number[]) => m2.generate(tf.ones([2, 2]), labels(...classes)),
  ]) {
    const rows = async (...classes: number[]) => {
      const values = Array.from(await of(...classes).data());
      return [values.slice(0, values.length / 2), values.slice(values.length / 2)];
    };
    const [zero, one] = await rows(0, 1);
    expect(zero).not.toEqual(one);
    expect(await rows(1, 0)).toEqual([one, zero]);
  }
  training.dispose();
});
