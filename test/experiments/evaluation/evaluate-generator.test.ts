import * as tf from '@tensorflow/tfjs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Generator } from '../../../generators/generator.ts';
import { m2Model } from '../../../generators/m2.ts';
import { M2Config } from '../../../generators/m2-config.ts';
import { selectBackend } from '../../../src/backend/backend.ts';
import { ClassifierConfig } from '../../../src/classifiers/config.ts';
import { accuracy } from '../../../src/classifiers/predict.ts';
import { trainClassifier } from '../../../src/classifiers/train.ts';
import { type Dataset, imageSize, imageTensor } from '../../../src/datasets/dataset.ts';
import { digitsDataset, drawDigits } from '../../../src/datasets/digits.ts';
import { evaluateGenerator } from '../../../src/experiments/evaluation/evaluate-generator.ts';
import type { Judge } from '../../../src/experiments/evaluation/judge.ts';
import { evaluationPictures } from '../../../src/experiments/evaluation/pictures.ts';
import { rootStream } from '../../../src/random.ts';
import { evaluationRows } from '../../../src/reports/evaluation-rows.ts';

const ROWS = 100;
let dataset: Dataset;
let judge: Judge;
beforeAll(async () => {
  await selectBackend('wasm');
  dataset = digitsDataset({ trainSize: 600, testSize: 2 * ROWS });
  const classifier = await trainClassifier(
    ClassifierConfig.parse({ kind: 'mlp', hidden: [16], updates: 200 }),
    dataset.train,
    { shape: dataset.shape, classes: 10, weights: rootStream(1), order: rootStream(2) },
  );
  judge = { classifier, id: 'test', testAccuracy: await accuracy(classifier, dataset.test) };
});
afterAll(() => judge.classifier.dispose());

/** A generator that deals out the given images, whatever the latents. */
function dealer(images: Uint8Array): Generator {
  const size = imageSize(dataset.shape);
  let next = 0;
  return {
    kind: 'dealer',
    prior: 'normal',
    latentSize: 2,
    shape: dataset.shape,
    generate: ({ shape: [n] }) => {
      const dealt = images.subarray(next * size, (next + n) * size);
      next += n;
      return imageTensor(dealt, dataset.shape);
    },
    dispose: () => {},
  };
}

const options = (untrained?: Uint8Array) => ({
  judge,
  count: ROWS,
  stream: rootStream(3),
  untrained: async () => untrained,
  onStatus: () => {},
});
const noise = () =>
  Uint8Array.from(rootStream(5).uniforms(ROWS * imageSize(dataset.shape)), (value) => 255 * value);

test('new real images are as near as the floor, noise is far away and the mark of nearness', async () => {
  const fresh = drawDigits(ROWS, rootStream(77)).images;
  const { samples } = await evaluateGenerator(dealer(fresh), dataset, options(noise()));
  const { distances, floor, untrained, timesNearer } = samples!;
  expect(samples!.rows).toBe(ROWS);
  expect(distances.frechet).toBeLessThan(3 * floor.frechet);
  expect(floor.frechet).toBeLessThan(3 * distances.frechet);
  expect(untrained!.frechet).toBeGreaterThan(20 * floor.frechet);
  expect(distances.precisionRecall.precision).toBeGreaterThan(0.7);
  expect(distances.precisionRecall.recall).toBeGreaterThan(0.7);
  expect(untrained!.precisionRecall.recall).toBeLessThan(0.1);
  expect(timesNearer).toBeCloseTo(
    (untrained!.frechet - floor.frechet) / (distances.frechet - floor.frechet),
    10,
  );
  expect(samples!.memorisation.nearerShare).toBeLessThan(0.1);
  expect(samples!.classes.rarestShare).toBeGreaterThan(0.02);
  // Neither classes nor parts of its own: nothing is said of them.
  expect(samples!.classifierScore).toBeNull();
  expect(samples!.classAgreement).toBeNull();
});

test('a generator that repeats training images is told by their nearness, not by its distances', async () => {
  const { samples } = await evaluateGenerator(
    dealer(dataset.train.images.slice(0, ROWS * 784)),
    dataset,
    options(),
  );
  expect(samples!.memorisation.nearerShare).toBe(1);
  expect(samples!.memorisation.generatedMedian).toBe(0);
  expect(samples!.distances.frechet).toBeLessThan(3 * samples!.floor.frechet);
  expect(samples!.untrained).toBeNull();
  expect(samples!.timesNearer).toBeNull();
});

test('measures the parts of a model that has them, the same twice, and leaves no tensor behind', async () => {
  const config = M2Config.parse({
    kind: 'm2',
    latentSize: 2,
    network: { kind: 'mlp', hidden: [4] },
    likelihood: 'real',
  });
  const model = m2Model.train(config, dataset.shape, { images: 10, labelled: 10 }, rootStream(1));
  const before = tf.memory().numTensors;
  const evaluation = await evaluateGenerator(model.sampler, dataset, options());
  const pictures = await evaluationPictures(model.sampler, dataset, rootStream(4));
  expect(tf.memory().numTensors).toBe(before);
  expect(await evaluateGenerator(model.sampler, dataset, options())).toEqual(evaluation);

  const { samples, bound, reconstruction, testAccuracy } = evaluation;
  // Nothing is learnt yet: grey images, and an untrained classifier.
  expect(bound!.mean).toBeGreaterThan(300);
  expect(bound!.images).toBe(2 * ROWS);
  expect(bound!.standardError).toBeLessThan(20);
  expect(reconstruction!.mean).toBeCloseTo(0.23, 1);
  expect(testAccuracy).toBeLessThan(0.4);
  expect(samples!.classAgreement).toBeLessThan(0.4);
  expect(samples!.classifierScore!.real).toBeGreaterThan(samples!.classifierScore!.generated);
  expect(samples!.classifierScore!.images).toBe(ROWS);
  expect(pictures.map(({ name, columns }) => [name, columns])).toEqual([
    ['samples', 10],
    ['nearest', 10],
    ['interpolation', 10],
    ['reconstructions', 10],
    ['analogies', 11],
  ]);
  for (const { images, columns } of pictures) expect(images.length % (784 * columns)).toBe(0);
  // Each row begins with the test image itself.
  const analogies = pictures.at(-1)!.images;
  const reals = pictures.at(-2)!.images;
  expect(analogies.slice(11 * 784, 12 * 784)).toEqual(reals.slice(2 * 784, 3 * 784));
  model.dispose();

  const { head, rows } = evaluationRows(evaluation);
  for (const row of rows) expect(row).toHaveLength(head.length);
  expect(rows.map(([title]) => title)).toContain('classifier accuracy score');
});

test('refuses a data set of other images or other classes', async () => {
  const small = { ...dealer(new Uint8Array()), shape: [4, 4, 1] as const };
  await expect(evaluateGenerator(small, dataset, options())).rejects.toThrow(
    'evaluateGenerator.dataset: expected images of [4, 4, 1], which dealer makes, got [28, 28, 1]',
  );
  const few = { ...dealer(new Uint8Array()), classes: 3 };
  await expect(evaluateGenerator(few, dataset, options())).rejects.toThrow(
    'evaluateGenerator.dataset: expected 3 classes, which dealer has, got 10',
  );
});
