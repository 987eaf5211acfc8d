import { readFile } from 'node:fs/promises';
import * as tf from '@tensorflow/tfjs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  createM2Training,
  disposeM2Training,
  type M2Losses,
  type M2Training,
  m2Step,
  m2Variables,
} from '../../generators/m2-step.ts';
import { selectBackend } from '../../src/backend/backend.ts';
import { rootStream } from '../../src/random.ts';
import { batch, CONFIG, IMAGES, images, KNOWN, SHAPE, UNKNOWN } from './m2-conv-fixture.ts';
import { waves } from './waves.ts';

const native = await selectBackend('tensorflow').then(
  () => true,
  () => false,
);

beforeEach(async () => {
  await selectBackend('cpu');
});
afterEach(async () => {
  await selectBackend('cpu');
});

interface Expected {
  readonly losses: readonly (readonly number[])[];
  readonly gradients: Readonly<Record<string, readonly number[]>>;
  readonly tensors: Readonly<Record<string, readonly number[]>>;
}

async function reference(weighting: string): Promise<Expected> {
  const file = new URL('../fixtures/m2-conv-step.json', import.meta.url);
  return (JSON.parse(await readFile(file, 'utf8')) as Record<string, Expected>)[weighting]!;
}

function fillWithWaves(training: M2Training, { gradients }: Expected) {
  const variables = m2Variables(training);
  Object.keys(gradients).forEach((name, i) => {
    const variable = variables[name]!;
    variable.assign(tf.tensor(waves(i + 1, 0.4, 0.1, variable.size), variable.shape));
  });
}

async function valuesOf({ loss, labelledBound, unlabelledBound, classification }: M2Losses) {
  const scalars = [loss, labelledBound, unlabelledBound, classification];
  return (await Promise.all(scalars.map((scalar) => scalar.data()))).map(([value]) => value!);
}

function expectValues(actual: ArrayLike<number>, wanted: readonly number[], within: number, name: string) {
  expect(actual.length, name).toBe(wanted.length);
  wanted.forEach((value, i) => {
    const error = Math.abs(actual[i]! - value);
    expect(error, `${name} ${i}: ${actual[i]} for ${value}`).toBeLessThan(within * (1 + Math.abs(value)));
  });
}

describe.each(['cpu', 'wasm', 'tensorflow'] as const)('on %s', (backend) => {
  beforeEach(async (context) => {
    if (backend === 'tensorflow' && !native) context.skip();
    await selectBackend(backend);
  });

  test.each(['official', 'alpha'])(
    'with weighting %s, two steps are those of a loop over images and classes in PyTorch',
    async (weighting) => {
      const expected = await reference(weighting);
      const config = { ...CONFIG, ...(weighting === 'alpha' && { weighting: { alpha: 60 } }) };
      const training = createM2Training(config, SHAPE, IMAGES, rootStream(1));
      const variables = m2Variables(training);
      // The reference names every variable, and nothing else.
      expect(Object.keys(variables).sort()).toEqual(Object.keys(expected.tensors).sort());
      fillWithWaves(training, expected);
      for (const [step, wanted] of expected.losses.entries()) {
        const { images, noise } = batch(step);
        expectValues(await valuesOf(m2Step(training, images, noise)), wanted, 1e-4, 'losses');
        if (step > 0) continue;
        // The first moment after one step is a tenth of the gradient.
        const { moments } = await training.adam.state();
        for (const [name, gradient] of Object.entries(expected.gradients)) {
          expectValues(
            moments[`${name}/m`]!.map((value) => 10 * value),
            gradient,
            1e-4,
            name,
          );
        }
      }
      for (const [name, wanted] of Object.entries(expected.tensors)) {
        expectValues(await variables[name]!.data(), wanted, 1e-4, name);
      }
      disposeM2Training(training);
    },
  );
});

test('a certain q(y|x) makes U the bound of that class, so pairs are not mixed', async () => {
  for (const certain of [0, 1, 2]) {
    const training = createM2Training(CONFIG, SHAPE, IMAGES, rootStream(2));
    makeCertain(training, certain);
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
    expect(unlabelled).toBeCloseTo(labelled!, 4);
    disposeM2Training(training);
  }
});

function makeCertain(training: M2Training, certain: number) {
  const variables = m2Variables(training);
  variables['classifier/logits/weights']!.assign(tf.zeros([4, 3]));
  variables['classifier/logits/bias']!.assign(tf.tensor1d([0, 1, 2].map((y) => (y === certain ? 1000 : 0))));
}

test('labelled and unlabelled images are normalised together: moving the ones changes the loss of the others', async () => {
  const losses: number[][] = [];
  for (const phase of [200, 207]) {
    const training = createM2Training(CONFIG, SHAPE, IMAGES, rootStream(1));
    fillWithWaves(training, await reference('official'));
    const { images: inputs, noise } = batch();
    losses.push(await valuesOf(m2Step(training, { ...inputs, unlabelled: images(phase, UNKNOWN) }, noise)));
    disposeM2Training(training);
  }
  const [before, after] = losses as [number[], number[]];
  expect(after[3]).not.toBeCloseTo(before[3]!, 3);
  // Encoder and decoder have no batch norm, so the labelled bound stays what it was.
  expect(after[1]).toBe(before[1]);
});

test('no tensor is left over by a step but its four losses, and none by a training freed', () => {
  const empty = tf.memory().numTensors;
  const training = createM2Training(CONFIG, SHAPE, IMAGES, rootStream(1));
  const { images: inputs, noise } = batch();
  const before = tf.memory().numTensors;
  for (let step = 0; step < 3; step++) {
    const losses = m2Step(training, inputs, noise);
    expect(tf.memory().numTensors).toBe(before + 4);
    tf.dispose({ ...losses });
  }
  tf.dispose([inputs, noise]);
  disposeM2Training(training);
  expect(tf.memory().numTensors).toBe(empty);
});

test('refuses sides that do not halve as often as there are levels', () => {
  expect(() => createM2Training(CONFIG, [6, 4, 1], IMAGES, rootStream(1))).toThrow(
    "m2.network.channels: expected 2 levels to halve the image's sides 6 and 4 that often, got sides that do not divide by 4",
  );
});
