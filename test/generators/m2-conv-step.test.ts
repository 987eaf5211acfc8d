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
import { expectSteps, fillAsReference, readReference, scalars } from './reference-steps.ts';

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

function valuesOf({ loss, labelledBound, unlabelledBound, classification }: M2Losses) {
  return scalars([loss, labelledBound, unlabelledBound, classification]);
}

describe.each(['cpu', 'wasm', 'tensorflow'] as const)('on %s', (backend) => {
  beforeEach(async (context) => {
    if (backend === 'tensorflow' && !native) context.skip();
    await selectBackend(backend);
  });

  test.each(['official', 'alpha'])(
    'with weighting %s, two steps are those of a loop over images and classes in PyTorch',
    async (weighting) => {
      const expected = await readReference('m2-conv-step.json', weighting);
      const config = { ...CONFIG, ...(weighting === 'alpha' && { weighting: { alpha: 60 } }) };
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
      await expectSteps(steps, expected, { losses: 2e-5, gradients: 2e-5, tensors: 2e-5 });
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
    fillAsReference(m2Variables(training), await readReference('m2-conv-step.json', 'official'));
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
