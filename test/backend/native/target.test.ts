import { describe, expect, test } from 'vitest';
import { type Machine, nativeTarget, thisMachine } from '../../../src/backend/native/target.ts';

const machine = (platform: NodeJS.Platform, arch: string, glibc = platform === 'linux'): Machine => ({
  platform,
  arch,
  glibc,
});

describe('nativeTarget', () => {
  test.each([
    [machine('linux', 'x64'), 'tensorflow-cpu', 'libtensorflow_cc.so.2', 'libtensorflow_framework.so.2'],
    // There is no tensorflow-cpu for these; their tensorflow has no CUDA.
    [machine('linux', 'arm64'), 'tensorflow', 'libtensorflow_cc.so.2', 'libtensorflow_framework.so.2'],
    [machine('darwin', 'arm64'), 'tensorflow', 'libtensorflow_cc.2.dylib', 'libtensorflow_framework.2.dylib'],
    [machine('darwin', 'x64'), 'tensorflow', 'libtensorflow_cc.2.dylib', 'libtensorflow_framework.2.dylib'],
  ])('knows the package and the libraries of %j', (given, wheel, main, framework) => {
    const target = nativeTarget('cpu', given);
    expect(target.wheel).toBe(wheel);
    expect(target.main[0]).toBe(main);
    expect(target.framework).toBe(framework);
    expect(target.bytes.libraries).toBeGreaterThan(target.bytes.download);
  });

  test('takes the package with CUDA for a GPU', () => {
    const target = nativeTarget('gpu', machine('linux', 'x64'));
    expect(target.wheel).toBe('tensorflow');
    expect(target.bytes.download).toBeGreaterThan(3e9);
  });

  test.each([
    ['cpu', machine('win32', 'x64'), /^native TensorFlow cannot be built on Windows.*WSL.*webgpu or wasm$/],
    ['cpu', machine('linux', 'x64', false), /^native TensorFlow needs glibc.*Alpine.*--backend wasm$/],
    ['cpu', machine('linux', 'riscv64'), /^native TensorFlow is not published for linux riscv64/],
    ['cpu', machine('freebsd', 'x64'), /^native TensorFlow is not published for freebsd x64/],
    ['gpu', machine('linux', 'arm64'), /^TensorFlow for CUDA is published for Linux on x64 only.*--gpu/],
    ['gpu', machine('darwin', 'arm64'), /--backend webgpu$/],
  ] as const)('says for %s on %j what to use instead', (device, given, sentence) => {
    expect(() => nativeTarget(device, given)).toThrow(sentence);
  });

  test('tells the wheels of one machine from those of another', () => {
    const { wheelName } = nativeTarget('cpu', machine('linux', 'x64'));
    expect(wheelName.test('tensorflow_cpu-2.21.0-cp312-cp312-manylinux_2_27_x86_64.whl')).toBe(true);
    expect(wheelName.test('tensorflow-2.21.0-cp312-cp312-manylinux_2_27_aarch64.whl')).toBe(false);
    expect(wheelName.test('tensorflow-2.16.2-cp312-cp312-macosx_10_15_x86_64.whl')).toBe(false);
  });

  test('sees this machine as it is', () => {
    expect(thisMachine()).toMatchObject({ platform: process.platform, arch: process.arch });
  });
});
