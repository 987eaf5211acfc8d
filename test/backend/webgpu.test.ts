import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { DcganConfig } from '../../generators/dcgan-config.ts';
import { createDcganTraining, dcganStep, disposeDcganTraining } from '../../generators/dcgan-step.ts';
import { variablesOf } from '../../generators/network.ts';
import { selectBackend } from '../../src/backend/backend.ts';
import type { BackendName } from '../../src/backend/backend-names.ts';
import { startWebGpu } from '../../src/backend/webgpu.ts';
import { listAdapters } from '../../src/backend/webgpu-adapters.ts';
import { rootStream } from '../../src/random.ts';
import { adapters } from './graphics-card.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const onlySoftware = adapters.every(({ software }) => software);

function run(words: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const options = { cwd: root, env: { ...process.env, ...env }, timeout: 30_000, encoding: 'utf8' } as const;
  return spawnSync(process.execPath, ['--import', 'tsx', ...words], options);
}

/** Bytes of all weights and statistics of a small DCGAN after some steps, and memory after each. */
async function train(backend: BackendName, steps: number) {
  await selectBackend(backend);
  const config = DcganConfig.parse({ kind: 'dcgan', latentSize: 5, channels: [4, 3], batch: 6 });
  const training = createDcganTraining(config, [8, 8, 1], rootStream(3));
  const stream = rootStream(7);
  const memory: string[] = [];
  for (let step = 0; step < steps; step++) {
    const pixels = stream.uniforms(6 * 64).map((value) => 2 * value - 1);
    const reals = tf.tensor4d(pixels, [6, 8, 8, 1]);
    const latents = tf.tensor2d(stream.normals(30), [6, 5]);
    const losses = dcganStep(training, reals, latents);
    await Promise.all([losses.discriminatorLoss.data(), losses.generatorLoss.data()]);
    tf.dispose([reals, latents, losses.discriminatorLoss, losses.generatorLoss]);
    const { numTensors, numBytes, ...rest } = tf.memory();
    const { numBytesInGPU = 0, numBytesAllocatedInGPU = 0 } = rest as unknown as Record<string, number>;
    memory.push(`${numTensors} ${numBytes} ${numBytesInGPU} ${numBytesAllocatedInGPU}`);
  }
  const variables = { ...variablesOf('g', training.generator), ...variablesOf('d', training.discriminator) };
  const values = await Promise.all(Object.values(variables).map(async (one) => [...(await one.data())]));
  disposeDcganTraining(training);
  return { values: values.flat(), memory };
}

describe.skipIf(adapters.length === 0)('WebGPU (skipped without a graphics card or SwiftShader)', () => {
  test('has adapters with names, SwiftShader among the software', () => {
    for (const { name, software, driver } of adapters) {
      expect(name).not.toBe('');
      if (driver.startsWith('SwiftShader')) expect(software).toBe(true);
    }
  });

  test.skipIf(!onlySoftware)('leaves an adapter alone that is only software, if not named', async () => {
    await expect(startWebGpu({ allowSoftware: false })).rejects.toThrow(
      `there is no graphics card, only ${adapters[0]!.name}, which is software`,
    );
  });

  test('says by name which adapter computes, and leaves no trace of a browser', async () => {
    const before = Object.getOwnPropertyDescriptor(globalThis, 'navigator');
    const { backend, detail } = await selectBackend('webgpu');
    expect(backend).toBe('webgpu');
    expect(tf.getBackend()).toBe('webgpu');
    expect(adapters.map(({ name }) => name)).toContain(/ on (.*) \(\w+(, software)?\)$/.exec(detail)?.[1]);
    expect(Object.getOwnPropertyDescriptor(globalThis, 'navigator')).toEqual(before);
  });

  test('computes on the card what is small, too, so that a value has the same bits wherever it came from', async () => {
    await selectBackend('webgpu');
    const values = rootStream(5).normals(2000);
    const fromHost = tf.tensor1d(values.subarray(0, 200));
    const all = tf.mul(tf.tensor1d(values), 1) as tf.Tensor1D;
    const fromCard = tf.slice(all, 0, 200);
    const results = [fromHost, fromCard].map((few) => tf.exp(few));
    const [one, other] = await Promise.all(results.map((result) => result.data()));
    expect(one).toEqual(other);
    tf.dispose([all, fromHost, fromCard, results]);
  });

  test('refuses to be read without waiting, in a sentence', async () => {
    await selectBackend('webgpu');
    const sum = tf.add(tf.ones([2]), 1);
    expect(() => sum.dataSync()).toThrow('tensor.dataSync: WebGPU cannot be read without waiting in Node');
    sum.dispose();
  });

  describe('a DCGAN trained on it', () => {
    let first: Awaited<ReturnType<typeof train>>;
    beforeAll(async () => {
      first = await train('webgpu', 4);
    });

    test('ends where it ends on WebAssembly', async () => {
      const { values } = await train('wasm', 4);
      expect(first.values.length).toBe(values.length);
      values.forEach((value, i) => {
        expect(Math.abs(first.values[i]! - value)).toBeLessThan(2e-4);
      });
    });

    test('gives the same bytes again', async () => {
      expect((await train('webgpu', 4)).values).toEqual(first.values);
    });

    test('needs no more memory after the second step', () => {
      expect(new Set(first.memory.slice(1)).size).toBe(1);
      expect(first.memory[3]).toMatch(/ [1-9]\d* [1-9]\d*$/);
    });
  });

  test.each([
    ['ends', 0, ''],
    ['reads', 0, ''],
    ['fails', 1, 'Error: mine'],
    ['exits', 3, ''],
    ['status', 4, ''],
    ['too-large', 1, 'Error: WebGPU: Buffer size'],
    ['lost', 1, 'Error: WebGPU: '],
  ])('a program that %s has status %i', (way, status, said) => {
    const ended = run(['test/backend/webgpu-child.ts', way]);
    expect({ status: ended.status, signal: ended.signal }).toEqual({ status, signal: null });
    expect(ended.stdout).toBe('64\n');
    expect(ended.stderr).toContain(said);
  });

  test.skipIf(process.platform !== 'linux')('without a driver, is refused in one sentence', () => {
    const nowhere = { VK_DRIVER_FILES: '/nowhere.json', VK_ICD_FILENAMES: '/nowhere.json' };
    const { status, stderr } = run(['scripts/genal.ts', 'doctor', '--backend', 'webgpu'], nowhere);
    expect(stderr).toBe('webgpu cannot be had: no graphics card with a Vulkan driver was found\n');
    expect(status).toBe(1);
  });

  test('is listed by doctor', async () => {
    const { stdout } = run(['scripts/genal.ts', 'doctor', '--backend', 'wasm', '--json']);
    expect((JSON.parse(stdout) as { webgpu: unknown }).webgpu).toEqual({
      adapters: await listAdapters(),
      reason: null,
    });
  });
});
