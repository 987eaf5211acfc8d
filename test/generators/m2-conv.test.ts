import * as tf from '@tensorflow/tfjs';
import { beforeEach, expect, test } from 'vitest';
import { learningRateAt, type M2, m2Model } from '../../generators/m2.ts';
import { M2Config } from '../../generators/m2-config.ts';
import { m2Layers } from '../../generators/m2-networks.ts';
import { createM2Training, disposeM2Training, m2Variables } from '../../generators/m2-step.ts';
import { openSaved } from '../../generators/model.ts';
import { emptyNetwork, type Network } from '../../generators/network.ts';
import { selectBackend } from '../../src/backend/backend.ts';
import type { ImageShape } from '../../src/datasets/dataset.ts';
import { dropoutMask } from '../../src/dropout-mask.ts';
import { rootStream } from '../../src/random.ts';
import { batch, CONFIG, IMAGES, images, SHAPE } from './m2-conv-fixture.ts';
import { waves } from './waves.ts';

beforeEach(async () => {
  await selectBackend('cpu');
});

/** A model that has made three steps, with all its data. */
function trainedModel(overrides: Partial<M2Config> = {}) {
  const config = { ...CONFIG, ...overrides };
  const model = m2Model.train(config, SHAPE, { images: 70, labelled: 30 }, rootStream(5));
  const stepAt = (step: number) => {
    const { images: inputs } = batch(step);
    const labelled = { images: inputs.labelled, labels: inputs.labels };
    const losses = model.step({ images: inputs.unlabelled, labelled }, rootStream(6).of('step', step));
    tf.dispose([losses, inputs]);
  };
  for (let step = 0; step < 3; step++) stepAt(step);
  return { config, model, stepAt };
}

test('in use no image depends on the others it is classified with', async () => {
  const { model } = trainedModel();
  const all = images(700, 3);
  const together = await model.sampler.classify!(all).data();
  for (let row = 0; row < 3; row++) {
    const alone = await model.sampler.classify!(tf.slice(all, [row], [1])).data();
    expect(Array.from(alone)).toEqual(Array.from(together.slice(3 * row, 3 * row + 3)));
  }
  model.dispose();
});

test('a model saved and opened again answers with the same bits', async () => {
  const { config, model } = trainedModel({ ema: 0.5, augment: { shift: 1, flip: true } });
  const opened = openSaved(m2Model, config, SHAPE, await model.weights());
  const of = async (m2: M2) => {
    const answers = [
      m2.generate(tf.tensor2d(waves(1, 1, 0, 8), [4, 2])),
      m2.encode(images(700, 3)),
      m2.classify(images(700, 3)),
      ...m2.featureLayers.map((layer) => m2.features(images(700, 3), layer)),
      m2.negativeElbo(images(700, 3), rootStream(8)),
    ];
    return await Promise.all(answers.map(async (answer) => Array.from(await answer.data())));
  };
  expect(await of(opened)).toEqual(await of(model.sampler));
  opened.dispose();
  model.dispose();
});

test('a training restored goes on to the same bits, along the same falling step size', async () => {
  const overrides = { decay: 'cosine', steps: 5, augment: { shift: 1, flip: true } } as const;
  const one = trainedModel(overrides);
  const state = await one.model.state();
  const other = m2Model.train(one.config, SHAPE, { images: 70, labelled: 30 }, rootStream(77));
  other.restore(state);
  one.stepAt(3);
  const { images: inputs } = batch(3);
  const labelled = { images: inputs.labelled, labels: inputs.labels };
  other.step({ images: inputs.unlabelled, labelled }, rootStream(6).of('step', 3));
  expect(await other.weights()).toEqual(await one.model.weights());
  one.model.dispose();
  other.dispose();
});

test('the step size falls along half a cosine, or stays', async () => {
  const config = { learningRate: 0.2, steps: 100 };
  const cosine = [0, 25, 50, 75, 100].map((step) => learningRateAt({ ...config, decay: 'cosine' }, step));
  for (const [i, wanted] of [0.2, 0.1 + 0.1 / Math.SQRT2, 0.1, 0.1 - 0.1 / Math.SQRT2, 0].entries()) {
    expect(cosine[i]).toBeCloseTo(wanted, 12);
  }
  expect(learningRateAt({ ...config, decay: 'none' }, 75)).toBe(0.2);
  // Where training ends with the third step, that step is smaller.
  const [falling, constant] = [trainedModel({ decay: 'cosine', steps: 3 }), trainedModel({ steps: 3 })];
  expect(await falling.model.weights()).not.toEqual(await constant.model.weights());
  falling.model.dispose();
  constant.model.dispose();
});

test('the bound of -log p(x) is the one that enumerating the classes gives', async () => {
  const { config, model } = trainedModel();
  const training = createM2Training(config, SHAPE, IMAGES, rootStream(1));
  const { layers } = training;
  const weights = await model.weights();
  for (const [name, variable] of Object.entries(m2Variables(training))) {
    const { shape, values } = weights.get(name)!;
    variable.assign(tf.tensor(Float32Array.from(values), [...shape]));
  }
  const n = 2;
  const inputs = images(700, n);
  const [bounds, logits] = [
    await model.sampler.negativeElbo!(inputs, rootStream(9)).data(),
    await model.sampler.classify!(inputs).data(),
  ];
  const draws = rootStream(9)
    .of('latents')
    .normals(3 * n * 2);
  for (let i = 0; i < n; i++) {
    const pixels = tf.reshape(tf.add(tf.mul(tf.slice(inputs, [i], [1]), 0.5), 0.5), [1, 32]) as tf.Tensor2D;
    const values = await pixels.data();
    const scores = [0, 1, 2].map((y) => logits[3 * i + y]!);
    const total = scores.reduce((sum, score) => sum + Math.exp(score), 0);
    let expected = 0;
    for (let y = 0; y < 3; y++) {
      const rows = await training.encoder.weights['hidden0/classes']!.data();
      const ofImage = await layers.encodeImages(training.encoder, pixels).data();
      const sums = tf.tensor2d(
        ofImage.map((value, unit) => value + rows[5 * y + unit]!),
        [1, 5],
      );
      const { means, logVariances } = layers.posteriors(training.encoder, sums);
      const [mean, logs] = [await means.data(), await logVariances.data()];
      const code = Array.from(mean, (m, d) => m + Math.exp(logs[d]! / 2) * draws[(y * n + i) * 2 + d]!);
      const oneHot = tf.tensor2d([[0, 1, 2].map((other) => Number(other === y))]);
      const ofPixels = await layers.decode(training.decoder, tf.tensor2d([code]), oneHot).data();
      let bound = Math.log(3);
      values.forEach((value, pixel) => {
        const p = 1 / (1 + Math.exp(-ofPixels[pixel]!));
        bound -= value * Math.log(p) + (1 - value) * Math.log(1 - p);
      });
      mean.forEach((m, d) => {
        bound += (m ** 2 + Math.exp(logs[d]!) - 1 - logs[d]!) / 2;
      });
      const q = Math.exp(scores[y]!) / total;
      expected += q * (bound + Math.log(q));
    }
    expect(bounds[i]).toBeCloseTo(expected, 3);
  }
  disposeM2Training(training);
  model.dispose();
});

test('dropout keeps the mean: the share dropped is the rate, and what is left makes up for it', async () => {
  const values = await dropoutMask(0.3, [200, 500], rootStream(1)).data();
  const dropped = values.filter((value) => value === 0).length / values.length;
  // Five deviations of a share of 0.3 in 100,000 draws.
  expect(Math.abs(dropped - 0.3)).toBeLessThan(0.0073);
  for (const value of new Set(values)) expect([0, Math.fround(1 / 0.7)]).toContain(value);
  expect(await dropoutMask(0, [2, 3], rootStream(1)).data()).toEqual(new Float32Array(6).fill(1));
});

test('no tensor is left over by a model in use but its answer', () => {
  const { model } = trainedModel({ augment: { shift: 1, flip: true } });
  const inputs = images(700, 3);
  const m2 = model.sampler as M2;
  for (const answer of [
    () => m2.classify(inputs),
    () => m2.encode(inputs),
    () => m2.features(inputs, 'conv0'),
    () => m2.negativeElbo(inputs, rootStream(1)),
  ]) {
    const before = tf.memory().numTensors;
    answer().dispose();
    expect(tf.memory().numTensors).toBe(before);
  }
  tf.dispose(inputs);
  model.dispose();
});

test.each([
  [[28, 28, 1], 1_701_354 + 864_708 + 224_609],
  [[32, 32, 3], 2_193_450 + 1_111_492 + 284_195],
] as const)('has about 3 million parameters for images of shape %j, and takes them', (shape, parameters) => {
  const config = M2Config.parse({ kind: 'm2', network: { kind: 'conv' } });
  const layers = m2Layers({ ...config, shape: shape as unknown as ImageShape });
  const sizes = Object.values(layers.shapes).flatMap(({ weights }) => Object.values(weights));
  const count = sizes.reduce((sum, each) => sum + tf.util.sizeFromShape([...each]), 0);
  expect(count).toBe(parameters);
  const [classifier, encoder, decoder] = [
    layers.shapes.classifier,
    layers.shapes.encoder,
    layers.shapes.decoder,
  ].map((ofNetwork) => emptyNetwork(ofNetwork)) as [Network, Network, Network];
  const pixels = tf.zeros<tf.Rank.R2>([1, tf.util.sizeFromShape([...shape])]);
  expect(layers.classify(classifier, pixels, { norm: { by: 'running' } }).logits.shape).toEqual([1, 10]);
  expect(layers.encodeImages(encoder, pixels).shape).toEqual([1, 256]);
  expect(layers.decode(decoder, tf.zeros([1, 50]), tf.zeros([1, 10])).shape).toEqual(pixels.shape);
});
