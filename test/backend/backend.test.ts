import * as tf from '@tensorflow/tfjs';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { selectBackend } from '../../src/backend/backend.ts';
import type { BackendName } from '../../src/backend/backend-names.ts';
import { measureMatmulRate } from '../../src/backend/matmul-rate.ts';

const listenersBefore = process.rawListeners('uncaughtException');

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

describe('selectBackend', () => {
  // First, because what has been chosen stays chosen.
  test('takes native TensorFlow where it loads, else a graphics card, else WebAssembly, with the reasons', async () => {
    const choice = await selectBackend();
    expect(tf.getBackend()).toBe(choice.backend);
    if (choice.backend === 'tensorflow') {
      expect(choice.rejected).toEqual([]);
      expect(choice.detail).toMatch(/^@tensorflow\/tfjs-node(-gpu)? \d/);
      return;
    }
    expect(choice.rejected[0]!.reason).toMatch(/^@tensorflow\/tfjs-node-gpu[: ]/);
    for (const { reason } of choice.rejected) expect(reason).not.toContain('\n');
    const tried = choice.rejected.map(({ backend }) => backend);
    if (choice.backend === 'webgpu') {
      expect(tried).toEqual(['tensorflow']);
      expect(choice.detail).not.toContain('software');
    } else {
      expect(choice.detail).toBe('@tensorflow/tfjs-backend-wasm 4.22.0');
      expect(tried).toEqual(['tensorflow', 'webgpu']);
    }
  });

  test('stays with what was chosen', async () => {
    const choice = await selectBackend();
    expect(await selectBackend()).toBe(choice);
  });

  test('leaves uncaught errors to whoever took care of them before', async () => {
    await selectBackend('wasm');
    expect(process.rawListeners('uncaughtException')).toEqual(listenersBefore);
  });

  test('gives a named backend, silently, and stays with it when none is named', async () => {
    const warned = vi.spyOn(console, 'warn');
    const choice = await selectBackend('cpu');
    tf.zeros([1]).dispose();
    expect(choice).toEqual({ backend: 'cpu', detail: expect.stringContaining('4.22.0'), rejected: [] });
    expect(await selectBackend()).toEqual(choice);
    expect(await selectBackend('cpu')).toEqual(choice);
    await selectBackend('wasm');
    await selectBackend('wasm');
    expect(tf.getBackend()).toBe('wasm');
    expect(warned).not.toHaveBeenCalled();
  });

  test.skipIf(process.platform !== 'linux')(
    'says why a named backend cannot be had, and keeps the one before',
    async () => {
      for (const name of ['VK_DRIVER_FILES', 'VK_ICD_FILENAMES']) vi.stubEnv(name, '/nowhere.json');
      await selectBackend('wasm');
      await expect(selectBackend('webgpu')).rejects.toThrow(
        /^webgpu cannot be had: (the Vulkan loader .* is missing .*|no graphics card with a Vulkan driver was found)$/,
      );
      expect((await selectBackend()).backend).toBe('wasm');
      expect(tf.getBackend()).toBe('wasm');
    },
  );

  test('names the four for a name it does not know', async () => {
    await expect(selectBackend('gpu' as BackendName)).rejects.toThrow(
      'selectBackend.name: expected one of tensorflow, webgpu, wasm, cpu, got gpu',
    );
  });

  test('makes convolutions trainable on WebAssembly', async () => {
    await selectBackend('wasm');
    for (const kernel of ['Conv2DBackpropFilter', 'UnsortedSegmentSum']) {
      expect(tf.getKernel(kernel, 'wasm')).toBeDefined();
    }
  });
});

describe('measureMatmulRate', () => {
  test('is a plausible rate and leaves no tensor behind', async () => {
    await selectBackend('wasm');
    const before = tf.memory().numTensors;
    const rate = await measureMatmulRate(2);
    expect(rate).toBeGreaterThan(0.5);
    expect(rate).toBeLessThan(10_000);
    expect(tf.memory().numTensors).toBe(before);
  });

  test('refuses to repeat less than once', async () => {
    await expect(measureMatmulRate(0)).rejects.toThrow(
      'measureMatmulRate.repeats: expected an integer of at least 1, got 0',
    );
  });
});
