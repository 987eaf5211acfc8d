import * as tf from '@tensorflow/tfjs';
import { beforeEach, expect, test, vi } from 'vitest';
import { M2Config } from '../../generators/m2-config.ts';
import { m2Layers } from '../../generators/m2-networks.ts';
import {
  createM2Training,
  disposeM2Training,
  type M2Losses,
  m2Step,
  m2Variables,
  m2Weights,
  marginalBound,
} from '../../generators/m2-step.ts';
import { selectBackend } from '../../src/backend/backend.ts';
import { rootStream } from '../../src/random.ts';
import { expectSteps, fillAsReference, readReference, scalars } from './reference-steps.ts';
import { waves } from './waves.ts';

beforeEach(async () => {
  await selectBackend('cpu');
});

const SHAPE = [2, 3, 1] as const;
const CONFIG = M2Config.parse({
  kind: 'm2',
  classes: 3,
  latentSize: 2,
  network: { kind: 'mlp', hidden: [5, 4] },
  learningRate: 0.01,
});
const IMAGES = { labelled: 30, unlabelled: 70 };
const [KNOWN, UNKNOWN] = [3, 4];

function batch(step = 0) {
  const pixels = (phase: number, scale: number, mean: number, n: number) =>
    tf.tensor4d(waves(phase + step, scale, mean, n * 6), [n, ...SHAPE]);
  return {
    images: {
      labelled: pixels(100, 0.9, 0, KNOWN),
      labels: tf.tensor1d([2, 0, 1], 'int32'),
      unlabelled: pixels(200, 0.9, 0, UNKNOWN),
    },
    noise: {
      labelledLatents: tf.tensor2d(waves(300 + step, 1.5, 0, KNOWN * 2), [KNOWN, 2]),
      unlabelledLatents: tf.tensor3d(waves(400 + step, 1.5, 0, 3 * UNKNOWN * 2), [3, UNKNOWN, 2]),
      pixels: { labelled: pixels(150, 0.9, 0, KNOWN), unlabelled: pixels(250, 0.9, 0, UNKNOWN) },
    },
  };
}

function valuesOf({ loss, labelledBound, unlabelledBound, classification }: M2Losses) {
  return scalars([loss, labelledBound, unlabelledBound, classification]);
}

// The fixture goes through images and classes one by one, so a wrong order of pairs would not agree with it.
test.each([
  ['official', 'cpu'],
  ['official', 'wasm'],
  ['alpha', 'cpu'],
  ['alpha', 'wasm'],
] as const)(
  'with weighting %s, two steps on %s are those of a loop over images and classes in PyTorch',
  async (weighting, backend) => {
    await selectBackend(backend);
    const expected = await readReference('m2-step.json', weighting);
    const config = { ...CONFIG, weighting: weighting === 'official' ? weighting : { alpha: 60 } };
    const training = createM2Training(config, SHAPE, IMAGES, rootStream(1));
    fillAsReference(m2Variables(training), expected);
    const steps = {
      adam: training.adam,
      tensors: m2Variables(training),
      take: (step: number) => {
        const { images, noise } = batch(step);
        return valuesOf(m2Step(training, images, noise));
      },
    };
    await expectSteps(steps, expected, { losses: 5e-6, gradients: 2e-5, tensors: 5e-6 });
    disposeM2Training(training);
  },
);

test('a certain q(y|x) makes U the bound of that class', async () => {
  // Every unlabelled image is a labelled one with the class that q is certain of, and shares its noise.
  for (const certain of [0, 1, 2]) {
    const training = createM2Training({ ...CONFIG, weighting: { alpha: 0 } }, SHAPE, IMAGES, rootStream(2));
    const variables = m2Variables(training);
    variables['classifier/logits/weights']!.assign(tf.zeros([4, 3]));
    variables['classifier/logits/bias']!.assign(
      tf.tensor1d([0, 1, 2].map((y) => (y === certain ? 1000 : 0))),
    );
    const { images, noise } = batch();
    const same = {
      labelled: images.labelled,
      labels: tf.fill([KNOWN], certain, 'int32') as tf.Tensor1D,
      unlabelled: images.labelled,
    };
    const perClass = [0, 1, 2].map((y) =>
      y === certain ? noise.labelledLatents : (tf.fill([KNOWN, 2], y - 5) as tf.Tensor2D),
    );
    const [, labelled, unlabelled] = await valuesOf(
      m2Step(training, same, {
        labelledLatents: noise.labelledLatents,
        unlabelledLatents: tf.stack(perClass) as tf.Tensor3D,
      }),
    );
    expect(unlabelled).toBeCloseTo(labelled!, 5);
  }
});

test('U takes minus the entropy: by enumeration with two classes', async () => {
  const [first, second, q] = [10, 14, 0.3];
  const bounds = tf.tensor2d([[first], [second]]);
  const [u] = await marginalBound(bounds, tf.tensor2d([[Math.log(q)], [Math.log(1 - q)]])).data();
  const entropy = -q * Math.log(q) - (1 - q) * Math.log(1 - q);
  expect(u).toBeCloseTo(q * first + (1 - q) * second - entropy, 5);
});

test('U is least, and equals -log sum exp(-L), at the posterior of its own bounds', async () => {
  const bounds = [3, 1, 4, 1.5];
  const evidence = Math.log(bounds.reduce((sum, bound) => sum + Math.exp(-bound), 0));
  const at = async (logits: number[]) => {
    const logProbs = tf.transpose(tf.logSoftmax(tf.tensor2d([logits]))) as tf.Tensor2D;
    return (await marginalBound(tf.tensor2d(bounds, [4, 1]), logProbs).data())[0]!;
  };
  expect(await at(bounds.map((bound) => -bound))).toBeCloseTo(-evidence, 5);
  expect(await at([0, 0, 0, 0])).toBeGreaterThan(-evidence + 0.1);
});

test('classes cost their logarithm and pixels are summed: networks that know nothing', async () => {
  // Logits 0 cost ln 2 a pixel, moments 0 are the prior. q uniform: its entropy ln 3 pays for the class in U.
  const training = createM2Training(CONFIG, SHAPE, IMAGES, rootStream(1));
  for (const variable of Object.values(m2Variables(training))) variable.assign(tf.zerosLike(variable));
  const { images, noise } = batch();
  const [, labelled, unlabelled, classification] = await valuesOf(m2Step(training, images, noise));
  expect(labelled).toBeCloseTo(6 * Math.LN2 + Math.log(3), 5);
  expect(unlabelled).toBeCloseTo(6 * Math.LN2, 5);
  expect(classification).toBeCloseTo(Math.log(3), 5);
});

test('every class of an unlabelled image has its own noise, and moves U alone', async () => {
  const changed = new Set<number>();
  for (let y = 0; y < 3; y++) {
    const training = createM2Training(CONFIG, SHAPE, IMAGES, rootStream(1));
    const { images, noise } = batch();
    const other = tf.add(
      noise.unlabelledLatents,
      tf.reshape(tf.oneHot(tf.scalar(y, 'int32'), 3), [3, 1, 1]),
    ) as tf.Tensor3D;
    const [, labelled, unlabelled] = await valuesOf(
      m2Step(training, images, { ...noise, unlabelledLatents: other }),
    );
    const same = createM2Training(CONFIG, SHAPE, IMAGES, rootStream(1));
    const [, labelledBefore, unlabelledBefore] = await valuesOf(m2Step(same, images, noise));
    expect(labelled).toBe(labelledBefore);
    expect(unlabelled).not.toBe(unlabelledBefore);
    changed.add(unlabelled!);
  }
  expect(changed.size).toBe(3);
});

test('the official weights are the sum over the training set divided by its size', () => {
  const { labelled, unlabelled, classification } = m2Weights('official', {
    labelled: 100,
    unlabelled: 49_900,
  });
  expect([labelled, unlabelled, classification]).toEqual([100 / 50_000, 49_900 / 50_000, 0.1]);
  // sum L + sum U + (0.1 N / N_l) sum CE over the training set, in means L, U, CE.
  const [l, u, ce] = [7, 11, 13];
  const sum = 100 * l + 49_900 * u + ((0.1 * 50_000) / 100) * 100 * ce;
  expect(labelled * l + unlabelled * u + classification * ce).toBeCloseTo(sum / 50_000, 8);
  expect(m2Weights({ alpha: 60 }, { labelled: 1, unlabelled: 2 })).toEqual({
    labelled: 1,
    unlabelled: 1,
    classification: 60,
  });
});

test('learns its labels and its images', async () => {
  const config = { ...CONFIG, weighting: { alpha: 5 } };
  const training = createM2Training(config, SHAPE, IMAGES, rootStream(1));
  const { images, noise } = batch();
  const first = await valuesOf(m2Step(training, images, noise));
  for (let step = 0; step < 80; step++) tf.dispose({ ...m2Step(training, images, noise) });
  const last = await valuesOf(m2Step(training, images, noise));
  for (const term of [1, 2, 3]) expect(last[term]).toBeLessThan(0.8 * first[term]!);
});

test('no tensor is left over by a step but its four losses, and none by a training freed', () => {
  const empty = tf.memory().numTensors;
  const training = createM2Training(CONFIG, SHAPE, IMAGES, rootStream(1));
  const { images, noise } = batch();
  const before = tf.memory().numTensors;
  for (let step = 0; step < 3; step++) {
    const losses = m2Step(training, images, noise);
    expect(tf.memory().numTensors).toBe(before + 4);
    tf.dispose({ ...losses });
  }
  tf.dispose({ images, noise });
  disposeM2Training(training);
  expect(tf.memory().numTensors).toBe(empty);
});

test('nothing is read back from the device in a step', () => {
  const training = createM2Training(CONFIG, SHAPE, IMAGES, rootStream(1));
  const { images, noise } = batch();
  // Of the engine, because kernels on cpu look at their indices through the backend's own `readSync`.
  const reads = [vi.spyOn(tf.engine(), 'read'), vi.spyOn(tf.engine(), 'readSync')];
  m2Step(training, images, noise);
  for (const read of reads) {
    expect(read).not.toHaveBeenCalled();
    read.mockRestore();
  }
});

test('has the shapes of the paper at its defaults', () => {
  const { classifier, encoder, decoder } = m2Layers({
    ...M2Config.parse({ kind: 'm2' }),
    shape: [28, 28, 1],
  }).shapes;
  expect(classifier.weights['hidden0/weights']).toEqual([784, 500]);
  expect(encoder.weights['hidden0/classes']).toEqual([10, 500]);
  expect(encoder.weights['moments/weights']).toEqual([500, 100]);
  expect(decoder.weights['hidden0/weights']).toEqual([50, 500]);
  expect(decoder.weights['logits/weights']).toEqual([500, 784]);
});

test('names the argument that is wrong', () => {
  const training = createM2Training(CONFIG, SHAPE, IMAGES, rootStream(1));
  const { images, noise } = batch();
  expect(() => m2Step(training, { ...images, labels: tf.tensor1d([0, 1, 2]) }, noise)).toThrow(
    'm2Step.batch.labels: expected int32, got float32',
  );
  expect(() => m2Step(training, { ...images, labels: tf.tensor1d([0], 'int32') }, noise)).toThrow(
    'm2Step.batch.labels: expected shape [3], got [1]',
  );
  const mixed = { ...noise, unlabelledLatents: tf.zeros<tf.Rank.R3>([UNKNOWN, 3, 2]) };
  expect(() => m2Step(training, images, mixed)).toThrow(
    'm2Step.noise.unlabelledLatents: expected shape [3, 4, 2], got [4, 3, 2]',
  );
});
