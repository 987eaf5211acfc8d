import * as tf from '@tensorflow/tfjs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { selectBackend } from '../../src/backend/backend.ts';
import { rootStream } from '../../src/random.ts';
import { answersOf, fresh, imagesOf, inputsOf, trained, valuesOf, ZOO } from './zoo-cases.ts';

const native = await selectBackend('tensorflow').then(
  () => true,
  () => false,
);

/** Of the differences: small beside the kinks of rectifiers, large beside float32's rounding. */
const STEP = 2e-3;

describe.each(['wasm', 'tensorflow'] as const)('on %s', (backend) => {
  beforeEach(async (context) => {
    if (backend === 'tensorflow' && !native) context.skip();
    await selectBackend(backend);
  });
  afterEach(async () => {
    await selectBackend('cpu');
  });

  describe.each(ZOO)('$name', (each) => {
    test('every answer has its shape and range', async () => {
      const model = await trained(each);
      const { sampler } = model;
      expect(sampler.shape).toEqual(each.shape);
      expect(sampler.kind).toBe(each.config.kind);
      expect(sampler.latentSize).toBe(each.config.latentSize);
      const inputs = inputsOf(each, sampler, 5, rootStream(7));
      const answers = answersOf(sampler, inputs);
      expect(answers.generate?.shape).toEqual([5, ...each.shape]);
      if (answers.encode) expect(answers.encode.shape).toEqual([5, sampler.latentSize]);
      if (answers.discriminate) expect(answers.discriminate.shape).toEqual([5]);
      if (answers.classify) expect(answers.classify.shape).toEqual([5, sampler.classes]);
      for (const layer of sampler.featureLayers ?? []) {
        expect([2, 4], layer).toContain(answers[layer]?.rank);
        expect(answers[layer]?.shape[0], layer).toBe(5);
      }
      for (const [name, values] of Object.entries(await valuesOf(answers))) {
        expect(values.every(Number.isFinite), name).toBe(true);
        expect(new Set(values).size, `${name} is no constant`).toBeGreaterThan(1);
      }
      const pixels = await answers.generate!.data();
      expect(pixels.every((pixel) => Math.abs(pixel) <= 1)).toBe(true);
      expect(Boolean(sampler.features)).toBe((sampler.featureLayers ?? []).length > 0);
      if (sampler.features) {
        expect(() => sampler.features?.(inputs.images, 'nowhere')).toThrow(
          `features.layer: expected one of ${sampler.featureLayers?.join(', ')}, got nowhere`,
        );
      }
      if (sampler.negativeElbo) {
        const bounds = sampler.negativeElbo(inputs.images, rootStream(8));
        expect(bounds.shape).toEqual([5]);
        const values = await bounds.data();
        expect(values.every((bound) => Number.isFinite(bound) && bound > 0)).toBe(true);
        expect(await sampler.negativeElbo(inputs.images, rootStream(8)).data()).toEqual(values);
      }
      model.dispose();
    });

    test('images and latents of another shape are refused by name', async () => {
      const model = fresh(each);
      const { sampler } = model;
      const [height, width, channels] = each.shape;
      const wrong = tf.zeros([2, height, width + 1, channels]) as tf.Tensor4D;
      const before = tf.memory().numTensors;
      expect(() => sampler.generate(tf.zeros([2, sampler.latentSize + 1]))).toThrow(
        /\.generate\.latents: expected shape \[\*, \d+\], got \[2, \d+\]$/,
      );
      const asked: readonly [string, (() => unknown) | undefined][] = [
        ['encode', sampler.encode && (() => sampler.encode?.(wrong))],
        ['discriminate', sampler.discriminate && (() => sampler.discriminate?.(wrong))],
        ['classify', sampler.classify && (() => sampler.classify?.(wrong))],
        ['features', sampler.features && (() => sampler.features?.(wrong, sampler.featureLayers?.[0] ?? ''))],
        ['negativeElbo', sampler.negativeElbo && (() => sampler.negativeElbo?.(wrong, rootStream(1)))],
      ];
      for (const [name, ask] of asked) {
        if (ask) expect(ask, name).toThrow(new RegExp(`\\.${name}\\.images: expected shape \\[\\*, `));
      }
      // The latents above; a refused call leaves nothing.
      expect(tf.memory().numTensors).toBe(before + 1);
      model.dispose();
    });
  });
});

describe.each(['cpu', 'wasm', 'tensorflow'] as const)('on %s', (backend) => {
  beforeEach(async (context) => {
    if (backend === 'tensorflow' && !native) context.skip();
    await selectBackend(backend);
  });
  afterEach(async () => {
    await selectBackend('cpu');
  });

  describe.each(ZOO)('$name', (each) => {
    test("a row's answers do not depend on its neighbours", async () => {
      const model = await trained(each);
      const inputs = inputsOf(each, model.sampler, 4, rootStream(10));
      const together = answersOf(model.sampler, inputs);
      for (const row of [0, 2]) {
        const rowOf = <T extends tf.Tensor>(rows: T) => tf.slice(rows, row, 1) as T;
        const alone = answersOf(model.sampler, {
          latents: rowOf(inputs.latents),
          images: rowOf(inputs.images),
          labels: inputs.labels && rowOf(inputs.labels),
        });
        for (const [name, answer] of Object.entries(alone)) {
          const values = await answer.data();
          const wanted = await rowOf(together[name]!).data();
          wanted.forEach((value, i) => {
            expect(Math.abs(values[i]! - value), `${name} ${i}`).toBeLessThan(1e-5 * (1 + Math.abs(value)));
          });
        }
      }
      model.dispose();
    });

    test('images follow their latents with the gradient of central differences', async () => {
      const model = await trained(each);
      const { sampler } = model;
      const { latents, labels } = inputsOf(each, sampler, 2, rootStream(12));
      const shares = imagesOf(each, 2, rootStream(13));
      const score = (rows: tf.Tensor) =>
        tf.sum(tf.mul(sampler.generate(rows as tf.Tensor2D, labels), shares)) as tf.Scalar;
      const gradient = await tf.grad(score)(latents).data();
      const values = [...(await latents.data())];
      const at = async (i: number, by: number) => {
        const moved = values.map((value, j) => (j === i ? value + by : value));
        return (await score(tf.tensor2d(moved, latents.shape)).data())[0]!;
      };
      const numeric: number[] = [];
      for (let i = 0; i < values.length; i++) {
        numeric.push(((await at(i, STEP)) - (await at(i, -STEP))) / (2 * STEP));
      }
      const largest = Math.max(...numeric.map(Math.abs));
      expect(largest).toBeGreaterThan(1e-3);
      numeric.forEach((slope, i) => {
        expect(Math.abs(gradient[i]! - slope) / largest, `latent ${i}`).toBeLessThan(0.01);
      });
      model.dispose();
    });
  });
});
