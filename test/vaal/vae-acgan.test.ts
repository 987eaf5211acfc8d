import { readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { variablesOf } from '../../generators/network.ts';
import { selectBackend } from '../../src/backend/backend.ts';
import { graphStep } from '../../src/backend/graph-step.ts';
import type { Split } from '../../src/datasets/dataset.ts';
import { rootStream } from '../../src/random.ts';
import { BgadlConfig } from '../../vaal/bgadl-config.ts';
import { trainVaeAcgan } from '../../vaal/vae-acgan.ts';
import {
  createVaeAcgan,
  disposeVaeAcgan,
  type VaeAcganBatch,
  vaeAcganStep,
} from '../../vaal/vae-acgan-step.ts';
import { presentBackends } from '../backend/present.ts';
import { chirps } from '../generators/waves.ts';

const SHAPE = [8, 8, 1] as const;
const tiny = BgadlConfig.parse({
  latentSize: 2,
  channels: [2, 3],
  discriminator: [3, 2],
  divergence: 0.7,
  learningRate: 0.01,
});
const reference = JSON.parse(
  readFileSync(new URL('../fixtures/vae-acgan-step.json', import.meta.url), 'utf8'),
) as { losses: [number, number, number][]; tensors: Record<string, number[]> };

function batchOf(step: number): VaeAcganBatch {
  const latents = (place: number) => tf.tensor2d(chirps(200 + 10 * step + place, 1.5, 0, 8), [4, 2]);
  return {
    images: tf.tensor4d(chirps(100 + step, 0.9, 0, 4 * 64), [4, ...SHAPE]),
    labels: tf.tensor1d([2, 0, 1, 2], 'int32'),
    prior: latents(0),
    ofEncoder: latents(1),
    ofDecoder: latents(2),
    ofDiscriminator: latents(3),
  };
}

const NETWORKS = ['encoder', 'decoder', 'discriminator'] as const;
function variablesIn(training: ReturnType<typeof createVaeAcgan>): Record<string, tf.Variable> {
  return Object.assign({}, ...NETWORKS.map((name) => variablesOf(name, training[name])));
}

afterAll(() => selectBackend('cpu'));

// A graphics card compiles shaders for half a minute, and has its own test of every operation.
const backends = ['cpu', ...presentBackends.filter((name) => name !== 'webgpu')] as const;

test.each(backends)('two steps from the same weights end where PyTorch ends, on %s', async (backend) => {
  await selectBackend(backend);
  const training = createVaeAcgan(tiny, SHAPE, 3, rootStream(1));
  const variables = variablesIn(training);
  expect(Object.keys(variables).sort()).toEqual(Object.keys(reference.tensors).sort());
  for (const network of NETWORKS) {
    Object.keys(reference.tensors)
      .filter((name) => name.startsWith(`${network}/`) && !/(mean|variance)$/.test(name))
      .forEach((name, index) => {
        const variable = variables[name] as tf.Variable;
        const values = chirps(index + 1, 0.4, name.endsWith('gamma') ? 1 : 0, variable.size);
        tf.tidy(() => variable.assign(tf.tensor(values, variable.shape)));
      });
  }
  const step = graphStep((batch: VaeAcganBatch) => ({ ...vaeAcganStep(training, batch) }));
  for (const [number, wanted] of reference.losses.entries()) {
    const losses = step(batchOf(number));
    for (const [place, name] of NETWORKS.entries()) {
      expect((await losses[name].data())[0]).toBeCloseTo(wanted[place] as number, 3);
    }
  }
  expect(step.obstacle === undefined).toBe(backend === 'tensorflow');
  for (const [name, wanted] of Object.entries(reference.tensors)) {
    const got = await variables[name]!.data();
    const size = Math.max(...wanted.map(Math.abs), 0.01);
    wanted.forEach((value, i) => {
      expect(Math.abs((got[i] as number) - value), `${name}[${i}]`).toBeLessThan(2e-3 * size);
    });
  }
  step.dispose();
  disposeVaeAcgan(training);
});

describe('a step', () => {
  beforeAll(() => selectBackend('wasm'));

  test('leaves nothing but its three losses', () => {
    const training = createVaeAcgan(tiny, SHAPE, 3, rootStream(1));
    const batch = batchOf(0);
    const before = tf.memory().numTensors;
    const losses = vaeAcganStep(training, batch);
    expect(tf.memory().numTensors).toBe(before + 3);
    tf.dispose({ ...losses, ...batch });
    disposeVaeAcgan(training);
  });

  test('is refused noise of another length', () => {
    const training = createVaeAcgan(tiny, SHAPE, 3, rootStream(1));
    const batch = { ...batchOf(0), ofDecoder: tf.zeros([4, 3]) as tf.Tensor2D };
    expect(() => vaeAcganStep(training, batch)).toThrow(
      'vaeAcganStep.batch.ofDecoder: expected shape [4, 2], got [4, 3]',
    );
    disposeVaeAcgan(training);
  });
});

describe('a trained VAE-ACGAN', () => {
  const size = 64;
  const stream = rootStream(7);
  /** Bright on the left or on the right, more or less. */
  const halves: Split = {
    images: Uint8Array.from({ length: 24 * size }, (_, i) => {
      const isLeft = i % 8 < 4;
      const label = Math.floor(i / size) % 2;
      return (isLeft === (label === 0) ? 180 : 40) + stream.integer(40);
    }),
    labels: Uint8Array.from({ length: 24 }, (_, row) => row % 2),
    n: 24,
  };
  const config = BgadlConfig.parse({
    latentSize: 4,
    channels: [4, 6],
    discriminator: [4, 6],
    steps: 24,
    batch: 8,
    learningRate: 2e-2,
  });
  const train = (change: object = {}) =>
    trainVaeAcgan({ ...config, ...change }, halves, { shape: SHAPE, classes: 2 }, rootStream(2));

  beforeAll(() => selectBackend('wasm'));

  test('gives back images that look like theirs', async () => {
    const model = await train({ codes: 'means', divergence: 0, reconstruction: 5 });
    const copies = await model.copies(halves, rootStream(3));
    let apart = 0;
    copies.forEach((byte, i) => {
      apart += Math.abs(byte - (halves.images[i] as number)) / copies.length;
    });
    // An image of the other class is 140 away, a grey one 70.
    expect(apart).toBeLessThan(50);
    for (const loss of Object.values(model.losses)) expect(Number.isFinite(loss)).toBe(true);
    model.dispose();
  });

  test('copies an image alone as among others, and from draws only if they are asked for', async () => {
    const model = await train({ steps: 2 });
    const first = {
      images: halves.images.subarray(0, size),
      labels: halves.labels.subarray(0, 1),
      n: 1,
    };
    const all = await model.copies(halves, rootStream(3));
    expect(await model.copies(first, rootStream(3))).toEqual(all.slice(0, size));
    expect(await model.copies(first, rootStream(4))).not.toEqual(all.slice(0, size));
    model.dispose();
    const certain = await train({ steps: 2, codes: 'means' });
    expect(await certain.copies(first, rootStream(3))).toEqual(await certain.copies(first, rootStream(4)));
    certain.dispose();
  });

  test('makes of another label another image', async () => {
    const model = await train({ steps: 2, codes: 'means' });
    const { images, labels, n } = halves;
    const other = { images, labels: labels.map((label) => (label + 1) % 10), n };
    expect(await model.copies(other, rootStream(3))).not.toEqual(await model.copies(halves, rootStream(3)));
    model.dispose();
  });

  test('is the same from the same stream, and leaves no tensor', async () => {
    const before = tf.memory().numTensors;
    const [one, two] = [await train({ steps: 2 }), await train({ steps: 2 })];
    expect(await one.copies(halves, rootStream(3))).toEqual(await two.copies(halves, rootStream(3)));
    expect(one.losses).toEqual(two.losses);
    one.dispose();
    two.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  test('whose loss explodes is an error that names the step and leaves nothing', async () => {
    const before = tf.memory().numTensors;
    await expect(train({ steps: 3, learningRate: 1e30 })).rejects.toThrow(
      /^trainVaeAcgan, (encoder|decoder|discriminator): expected a finite loss, got (NaN|Infinity) in step 3$/,
    );
    expect(tf.memory().numTensors).toBe(before);
  });
});
