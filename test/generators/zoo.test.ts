import * as tf from '@tensorflow/tfjs';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { GeneratorConfig } from '../../generators/config.ts';
import type { Generator } from '../../generators/generator.ts';
import { openSaved } from '../../generators/model.ts';
import { modelOf } from '../../generators/zoo.ts';
import { selectBackend } from '../../src/backend/backend.ts';
import { rootStream } from '../../src/random.ts';
import {
  answersOf,
  batchOf,
  EMA,
  fresh,
  inputsOf,
  stepOnce,
  tensorsOf,
  trained,
  valuesOf,
  withEma,
  ZOO,
} from './zoo-cases.ts';

const native = await selectBackend('tensorflow').then(
  () => true,
  () => false,
);

test('every model there is stands in the table', () => {
  const kinds = GeneratorConfig.options.map((option) => option.shape.kind.value);
  expect(new Set(ZOO.map(({ config }) => config.kind))).toEqual(new Set(kinds));
  for (const option of GeneratorConfig.options) {
    const networks = 'network' in option.shape ? networkKinds(option.shape.network) : [undefined];
    const kind = option.shape.kind.value;
    const seen = ZOO.filter(({ config }) => config.kind === kind).map(({ config }) =>
      'network' in config ? config.network.kind : undefined,
    );
    expect(seen, `networks of ${kind}`).toEqual(expect.arrayContaining(networks));
  }
});

/** The names of the networks that a model's `network` option may have. */
function networkKinds(option: { parse: (input: unknown) => unknown }): string[] {
  return ['mlp', 'conv'].filter((kind) => {
    try {
      option.parse({ kind });
      return true;
    } catch {
      return false;
    }
  });
}

describe.each(['wasm', 'tensorflow'] as const)('on %s', (backend) => {
  beforeEach(async (context) => {
    if (backend === 'tensorflow' && !native) context.skip();
    await selectBackend(backend);
  });
  afterEach(async () => {
    vi.restoreAllMocks();
    await selectBackend('cpu');
  });

  describe.each(ZOO)('$name', (each) => {
    test('a step leaves its losses alone behind, named and finite, and reads nothing back', async () => {
      const averaged = withEma(each, EMA);
      const model = fresh(averaged);
      const batch = batchOf(each, model.batchesPerStep, rootStream(2));
      const reads = [vi.spyOn(tf.engine(), 'read'), vi.spyOn(tf.engine(), 'readSync')];
      const before = tf.memory().numTensors;
      for (let step = 1; step <= 3; step++) {
        const losses = model.step(batch, rootStream(3).of(step));
        expect(tf.memory().numTensors).toBe(before + each.losses.length);
        for (const read of reads) expect(read).not.toHaveBeenCalled();
        expect(Object.keys(losses)).toEqual(each.losses);
        for (const [name, loss] of Object.entries(losses)) {
          expect(loss.shape, name).toEqual([]);
          expect(Number.isFinite((await loss.data())[0]), name).toBe(true);
        }
        tf.dispose(Object.values(losses));
        for (const read of reads) read.mockClear();
      }
      tf.dispose(tensorsOf(batch));
      model.dispose();
    });

    test.each([0, EMA])('freed, it leaves nothing behind (ema %d)', async (ema) => {
      const before = tf.memory();
      const model = await trained(withEma(each, ema), 2);
      model.restore(await model.state());
      const opened = openSaved(modelOf(each.config), each.config, each.shape, await model.weights());
      const inputs = inputsOf(each, opened, 2, rootStream(4));
      const bounds = opened.negativeElbo?.(inputs.images, rootStream(5));
      tf.dispose([answersOf(opened, inputs), inputs, bounds ?? []] as tf.TensorContainer);
      opened.dispose();
      model.dispose();
      expect(tf.memory().numTensors).toBe(before.numTensors);
      expect(tf.memory().numBytes).toBe(before.numBytes);
    });

    test.each([0, EMA])(
      'restored into a fresh model, a state goes on to the same bits (ema %d)',
      async (ema) => {
        const averaged = withEma(each, ema);
        const model = await trained(averaged, 3);
        const twin = fresh(averaged, 77);
        const state = await model.state();
        expect((await twin.state()).tensors).not.toEqual(state.tensors);
        twin.restore(state);
        for (let step = 4; step <= 6; step++) {
          expect(await stepOnce(averaged, twin, step)).toEqual(await stepOnce(averaged, model, step));
        }
        const after = await model.state();
        expect(await twin.state()).toEqual(after);
        // The copy taken above did not move with the model.
        expect(after.tensors).not.toEqual(state.tensors);
        model.dispose();
        twin.dispose();
      },
    );

    test.each([0, EMA])('opened from its weights, it answers the same (ema %d)', async (ema) => {
      const model = await trained(withEma(each, ema));
      const opened = openSaved(modelOf(each.config), each.config, each.shape, await model.weights());
      const inputs = inputsOf(each, opened, 3, rootStream(6));
      const wanted = await valuesOf(answersOf(model.sampler, inputs));
      expect(Object.keys(wanted)).toContain('generate');
      expect(await valuesOf(answersOf(opened, inputs))).toEqual(wanted);
      const bounds = (of: Generator) => of.negativeElbo?.(inputs.images, rootStream(5)).data();
      expect(await bounds(opened)).toEqual(await bounds(model.sampler));
      opened.dispose();
      model.dispose();
    });

    test('averages start at the first weights and move by 1 - ema towards each step', async () => {
      const model = fresh(withEma(each, EMA));
      const first = (await model.state()).tensors;
      const names = [...first.keys()].filter((name) => name.startsWith('average/'));
      const rawOf = (name: string) => name.slice('average/'.length);
      const averagedNetworks = new Set(names.map((name) => name.split('/')[1]));
      expect(averagedNetworks.size).toBeGreaterThan(0);
      // Whole networks: running statistics too.
      expect(new Set(names.map(rawOf))).toEqual(
        new Set(
          [...(await model.weights()).keys()].filter((name) => averagedNetworks.has(name.split('/')[0])),
        ),
      );
      for (const name of names) expect(first.get(name), name).toEqual(first.get(rawOf(name)));
      let before = first;
      for (let step = 1; step <= 3; step++) {
        await stepOnce(each, model, step);
        const after = (await model.state()).tensors;
        for (const name of names) {
          const [old, moved, raw] = [before.get(name), after.get(name), after.get(rawOf(name))];
          moved!.values.forEach((value, i) => {
            const wanted = EMA * old!.values[i]! + (1 - EMA) * raw!.values[i]!;
            expect(Math.abs(value - wanted), `${name} ${i}`).toBeLessThan(1e-6 * (1 + Math.abs(wanted)));
          });
        }
        before = after;
      }
      // What images are drawn with, and what is saved.
      const weights = await model.weights();
      for (const [name, tensor] of weights) {
        expect(tensor, name).toEqual(before.get(`average/${name}`) ?? before.get(name));
      }
      const raw = new Map([...before].filter(([name]) => weights.has(name)));
      const [averaged, latest] = [weights, raw].map((tensors) =>
        openSaved(modelOf(each.config), each.config, each.shape, tensors),
      );
      const { latents } = inputsOf(each, model.sampler, 3, rootStream(11));
      const drawn = await model.sampler.generate(latents).data();
      expect(await averaged!.generate(latents).data()).toEqual(drawn);
      expect(await latest!.generate(latents).data()).not.toEqual(drawn);
      tf.dispose([latents]);
      for (const each of [averaged!, latest!, model]) each.dispose();
    });

    test('an average changes no training, and without one there is none', async () => {
      const [plain, averaged] = [await trained(withEma(each, 0)), await trained(withEma(each, EMA))];
      const { tensors } = await plain.state();
      const others = (await averaged.state()).tensors;
      expect([...tensors.keys()].filter((name) => name.startsWith('average'))).toEqual([]);
      for (const [name, tensor] of tensors) expect(others.get(name), name).toEqual(tensor);
      const weights = await plain.weights();
      for (const [name, tensor] of weights) expect(tensors.get(name), name).toEqual(tensor);
      plain.dispose();
      averaged.dispose();
    });
  });
});
