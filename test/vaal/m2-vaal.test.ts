import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { m2Noise } from '../../generators/m2.ts';
import { M2Config } from '../../generators/m2-config.ts';
import { encodeLabelled, encodeMixed, oneHotClasses } from '../../generators/m2-pairs.ts';
import { m2Step, m2Variables } from '../../generators/m2-step.ts';
import type { Round, Selection } from '../../src/acquisition/strategy.ts';
import { selectBackend } from '../../src/backend/backend.ts';
import { rootStream } from '../../src/random.ts';
import { adversarialLoss, discriminateCodes } from '../../vaal/discriminator.ts';
import { createM2Vaal } from '../../vaal/m2-vaal.ts';
import { M2VaalConfig } from '../../vaal/m2-vaal-config.ts';
import {
  codeDiscriminatorUpdate,
  createM2VaalTraining,
  disposeM2VaalTraining,
  type M2VaalTraining,
  m2VaalUpdate,
  mixedCodes,
} from '../../vaal/m2-vaal-step.ts';
import { errorOf, inTurn, roundOf, SHAPE } from './toy-pool.ts';

beforeAll(() => selectBackend('cpu'));

const m2 = {
  latentSize: 3,
  network: { kind: 'mlp' as const, hidden: [12] },
  likelihood: 'real' as const,
  weighting: { alpha: 20 },
  steps: 80,
  batch: 16,
  labelledBatch: 12,
  learningRate: 5e-3,
};
const small = (options: object = {}, ofM2: object = {}): M2VaalConfig =>
  M2VaalConfig.parse({
    m2: { ...m2, ...ofM2 },
    discriminator: [16, 16],
    discriminatorLearningRate: 5e-3,
    adversary: 0.1,
    ...options,
  });

const OF_M2 = M2Config.parse({ ...m2, kind: 'm2', classes: 2 });

function start(options: object = {}): M2VaalTraining {
  const counts = { labelled: 4, unlabelled: 5 };
  return createM2VaalTraining(OF_M2, small(options), SHAPE, counts, rootStream(1));
}

function batchAndNoise(training: M2VaalTraining) {
  const stream = rootStream(5);
  const images = (n: number, name: string) =>
    tf.tensor4d(
      stream
        .of(name)
        .uniforms(n * 16)
        .map((value) => 2 * value - 1),
      [n, ...SHAPE],
    );
  const batch = {
    labelled: images(4, 'labelled'),
    unlabelled: images(5, 'unlabelled'),
    labels: tf.tensor1d([0, 1, 1, 0], 'int32'),
  };
  return { batch, noise: m2Noise(OF_M2, training.m2, batch.labelled, batch.unlabelled, stream.of('noise')) };
}

const valuesOf = async (variables: Readonly<Record<string, tf.Variable>>) =>
  Object.fromEntries(
    await Promise.all(
      Object.entries(variables).map(
        async ([name, variable]) => [name, [...(await variable.data())]] as const,
      ),
    ),
  );

describe('one update', () => {
  test('without an adversary is that of M2 alone; with one it is not', async () => {
    const weightsAfter = async (take: (training: M2VaalTraining) => void, options: object) => {
      const training = start(options);
      take(training);
      return valuesOf(m2Variables(training.m2));
    };
    const alone = await weightsAfter((training) => {
      const { batch, noise } = batchAndNoise(training);
      m2Step(training.m2, batch, noise);
    }, {});
    const joint = (training: M2VaalTraining) => {
      const { batch, noise } = batchAndNoise(training);
      m2VaalUpdate(training, batch, noise);
    };
    expect(await weightsAfter(joint, { adversary: 0 })).toEqual(alone);
    const deceiving = await weightsAfter(joint, { adversary: 5 });
    expect(deceiving['encoder/hidden0/weights']).not.toEqual(alone['encoder/hidden0/weights']);
    expect(deceiving['classifier/hidden0/weights']).not.toEqual(alone['classifier/hidden0/weights']);
    // The decoder has no part in a code; a sum in another order is all that differs.
    deceiving['decoder/logits/bias']!.forEach((value, i) => {
      expect(value).toBeCloseTo(alone['decoder/logits/bias']![i]!, 6);
    });
  });

  test('moves along the gradient of the adversarial term as finite differences have it', async () => {
    const { m2: model, discriminator } = start();
    const { batch } = batchAndNoise(start());
    const pixels = tf.tidy(
      () => tf.reshape(tf.concat4d([batch.labelled, batch.unlabelled], 0), [9, 16]) as tf.Tensor2D,
    );
    const loss = () => {
      const logits = discriminateCodes(discriminator, mixedCodes(model, pixels, { by: 'batch' }).codes);
      const [known, unknown] = tf.split(logits, [4, 5]) as [tf.Tensor1D, tf.Tensor1D];
      return adversarialLoss(known, unknown);
    };
    const { encoder, classifier } = model;
    for (const variable of [encoder.weights['hidden0/classes']!, classifier.weights['logits/weights']!]) {
      const gradient = await tf.variableGrads(loss, [variable]).grads[variable.name]!.data();
      const values = await variable.data();
      for (const i of [0, 5, 11]) {
        const at = async (shift: number) => {
          variable.assign(
            tf.tensor(
              values.map((value, k) => (k === i ? value + shift : value)),
              variable.shape,
            ),
          );
          return (await loss().data())[0]!;
        };
        const slope = ((await at(0.005)) - (await at(-0.005))) / 0.01;
        expect(Math.abs(slope - gradient[i]!)).toBeLessThan(1e-4 + 0.02 * Math.abs(slope));
      }
      variable.assign(tf.tensor(values, variable.shape));
    }
  });

  test('of the discriminator leaves M2 as it is, and no tensors', async () => {
    const training = start();
    const { batch } = batchAndNoise(training);
    const before = await valuesOf(m2Variables(training.m2));
    const ofDiscriminator = await valuesOf(training.discriminator.weights);
    codeDiscriminatorUpdate(training, batch, { by: 'batch' }).dispose();
    const tensors = tf.memory().numTensors;
    codeDiscriminatorUpdate(training, batch, { by: 'running' }).dispose();
    expect(tf.memory().numTensors).toBe(tensors);
    expect(await valuesOf(m2Variables(training.m2))).toEqual(before);
    expect(await valuesOf(training.discriminator.weights)).not.toEqual(ofDiscriminator);
    disposeM2VaalTraining(training);
  });

  test('a class that is certain is encoded as its label', async () => {
    const { m2: model } = start();
    const { batch } = batchAndNoise(start());
    const pixels = tf.reshape(batch.labelled, [4, 16]) as tf.Tensor2D;
    const wanted = await encodeLabelled(model.layers, model.encoder, pixels, batch.labels).means.data();
    const probs = oneHotClasses(batch.labels, 2);
    const got = await encodeMixed(model.layers, model.encoder, pixels, probs).means.data();
    got.forEach((value, i) => {
      expect(value).toBeCloseTo(wanted[i]!, 5);
    });
  });
});

describe('M2-VAAL', () => {
  const select = async (round: Round, config: M2VaalConfig) =>
    (await createM2Vaal(config).select(round)) as Extract<Selection, { kind: 'pool' }>;

  test.each([
    ['along, deceived', { adversary: 0.1 }],
    ['along, not deceived', { adversary: 0 }],
    ['after', { discriminate: 'after' }],
  ])('buys from the mode that was never labelled, its discriminator trained %s', async (_, options) => {
    const modes = inTurn(150, [0, 1, 0, 1, 3]);
    const { rows, diagnostics, reconstructions } = await select(
      roundOf(inTurn(40, [0, 1]), modes, { batch: 20 }),
      small({ ...options, heldOut: 0.06 }),
    );
    // All nine that were held out are shown.
    expect(errorOf(reconstructions!.unlabelled) / (diagnostics.reconstruction as number)).toBeCloseTo(1, 1);
    expect(new Set(rows).size).toBe(20);
    expect(rows.filter((row) => modes[(row - 1) / 2] === 3).length).toBeGreaterThanOrEqual(18);
    expect(diagnostics.classifierAccuracy).toBe(1);
  });

  test('asked again says the same, and leaves no tensors, also after a failure', async () => {
    const round = roundOf(inTurn(10, [0, 1]), inTurn(30, [0, 1, 2]));
    const unlabelled = roundOf([], inTurn(30, [0]));
    const before = tf.memory().numTensors;
    for (const discriminate of ['along', 'after']) {
      const config = small({ discriminate, discriminatorSteps: 2 }, { steps: 3 });
      const { times: _, ...one } = await select(round, config);
      const { times: __, ...other } = await select(round, config);
      expect(other).toEqual(one);
    }
    await expect(select(round, small({}, { learningRate: 1e30, steps: 5 }))).rejects.toThrow(
      'trainM2Vaal, M2: expected a finite loss, got NaN in step 5',
    );
    await expect(select(unlabelled, small())).rejects.toThrow(
      'trainM2Vaal.images.labelled: expected at least one image, got none',
    );
    expect(tf.memory().numTensors).toBe(before);
  });
});
