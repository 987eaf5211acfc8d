import { describe, expect, test } from 'vitest';
import {
  type Compilation,
  compilerArguments,
  compilers,
  headersRead,
  linkerArguments,
} from '../../../src/backend/native/compile.ts';
import { nativeTarget } from '../../../src/backend/native/target.ts';

const compilation = (platform: 'linux' | 'darwin', runPath: string): Compilation => ({
  target: nativeTarget('cpu', { platform, arch: 'arm64', glibc: true }),
  package: '/build/package',
  includes: ['/napi', '/tensorflow/include'],
  libraries: '/build/lib',
  main: platform === 'linux' ? 'libtensorflow_cc.so.2' : 'libtensorflow_cc.2.dylib',
  runPath,
  output: '/build/tfjs_binding.node',
  scratch: '/build/scratch',
});

describe('the compiler', () => {
  test('is the one named by CXX, with its arguments, else what the system calls its own', () => {
    expect(compilers('linux', 'ccache g++-12')).toEqual([['ccache', 'g++-12']]);
    expect(compilers('linux', undefined)[0]).toEqual(['g++']);
    expect(compilers('linux', ' ')[0]).toEqual(['g++']);
    expect(compilers('darwin', undefined)[0]).toEqual(['clang++']);
  });

  test('gets the headers of Node and of TensorFlow and lists those it read', () => {
    const words = compilerArguments(compilation('linux', 'lib'), 'tfjs_backend').join(' ');
    expect(words).toContain('-I /build/package -I /napi -I /tensorflow/include');
    expect(words).toContain('-MMD -MF /build/scratch/tfjs_backend.d');
    expect(words).toContain('-c /build/package/binding/tfjs_backend.cc -o /build/scratch/tfjs_backend.o');
  });

  test('makes a library on Linux that looks for TensorFlow beside itself', () => {
    const words = linkerArguments(compilation('linux', 'lib'));
    expect(words[0]).toBe('-shared');
    expect(words).toContain('/build/lib/libtensorflow_framework.so.2');
    expect(words.slice(-4)).toEqual(['-Xlinker', '-rpath', '-Xlinker', '$ORIGIN/lib']);
  });

  test('makes a bundle on macOS that finds Node in the program that loads it', () => {
    const words = linkerArguments(compilation('darwin', 'lib'));
    expect(words.slice(0, 3)).toEqual(['-bundle', '-undefined', 'dynamic_lookup']);
    expect(words).toContain('/build/lib/libtensorflow_cc.2.dylib');
    expect(words.at(-1)).toBe('@loader_path/lib');
  });

  test('points at libraries that stay elsewhere, whatever their folder is called', () => {
    expect(linkerArguments(compilation('linux', '/opt/a, b')).at(-1)).toBe('/opt/a, b');
  });
});

test('headersRead takes the headers out of what make reads', () => {
  const list = 'x.o: /a/x.cc \\\n /a/one.h /a/with\\ space/two.h \\\n  /b/three.h\n';
  expect(headersRead(list)).toEqual(['/a/one.h', '/a/with space/two.h', '/b/three.h']);
});
