import { mkdirSync, mkdtempSync, realpathSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  findPython,
  tensorflowInFolder,
  tensorflowOfPython,
} from '../../../src/backend/native/find-tensorflow.ts';
import { nativeTarget } from '../../../src/backend/native/target.ts';

const target = nativeTarget('cpu', { platform: 'linux', arch: 'x64', glibc: true });
const python = await findPython();

/** A folder with empty files of these names. */
function folderWith(...names: string[]): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'genal-find-')));
  for (const name of names) {
    mkdirSync(join(folder, dirname(name)), { recursive: true });
    writeFileSync(join(folder, name), '');
  }
  return folder;
}

const libraries = (folder: string, main = 'libtensorflow_cc.so.2') =>
  [main, 'libtensorflow_framework.so.2'].map((name) => join(folder, name));
const header = (folder: string) => join(folder, 'tensorflow', 'c', 'c_api.h');

describe('tensorflowInFolder finds', () => {
  test.each([
    ['a Python package', '.', 'include'],
    ['the packages around it', 'tensorflow', 'tensorflow/include'],
    [
      'a virtual environment',
      'lib/python3.11/site-packages/tensorflow',
      'lib/python3.11/site-packages/tensorflow/include',
    ],
    ['a build of our own', 'lib', 'include'],
    ['a build for GPUs', 'lib/tensorflow', 'include'],
  ])('%s', (_, lib, include) => {
    const root = folderWith(...libraries(lib), header(include));
    expect(tensorflowInFolder(root, target)).toEqual({
      libraries: join(root, lib),
      include: join(root, include),
      main: 'libtensorflow_cc.so.2',
      source: `folder ${root}`,
    });
  });

  test('TensorFlow for C, whose library has another name', () => {
    const root = folderWith(...libraries('lib', 'libtensorflow.so.2'), header('include'));
    expect(tensorflowInFolder(root, target).main).toBe('libtensorflow.so.2');
  });

  test('the libraries that a build links where they lie', () => {
    const elsewhere = folderWith(...libraries('.'));
    const root = folderWith(header('include'));
    const manifest = { format: 1, device: 'cpu', tfjsNode: '4', tensorflow: '2', source: 'x' };
    writeFileSync(join(root, 'manifest.json'), JSON.stringify({ ...manifest, libraries: elsewhere }));
    expect(tensorflowInFolder(root, target).libraries).toBe(elsewhere);
  });
});

describe('tensorflowInFolder says what is missing', () => {
  test('a folder', () => {
    expect(() => tensorflowInFolder('/nonexistent/x', target)).toThrow(
      '/nonexistent/x: expected a folder with TensorFlow, found nothing',
    );
  });

  test.each([
    ['everything', []],
    ['one of the two libraries', ['libtensorflow_cc.so.2', 'include/tensorflow/c/c_api.h']],
  ])('%s', (_, names) => {
    expect(() => tensorflowInFolder(folderWith(...names), target)).toThrow(
      /: expected libtensorflow_cc\.so\.2 or libtensorflow\.so\.2 and libtensorflow_framework\.so\.2 there/,
    );
  });

  test('the headers', () => {
    expect(() => tensorflowInFolder(folderWith(...libraries('lib')), target)).toThrow(
      /has the libraries of TensorFlow but not its headers, expected .*c_api\.h$/,
    );
  });
});

describe.skipIf(python === undefined)('tensorflowOfPython', () => {
  test('asks a Python where its tensorflow lies, without importing it', async () => {
    const root = folderWith(
      'tensorflow/__init__.py',
      ...libraries('tensorflow'),
      header('tensorflow/include'),
    );
    // Importing this would fail.
    writeFileSync(join(root, 'tensorflow', '__init__.py'), 'raise Exception("imported")');
    const before = process.env.PYTHONPATH;
    process.env.PYTHONPATH = root;
    try {
      const found = await tensorflowOfPython(python!, target);
      expect(found).toMatchObject({ libraries: join(root, 'tensorflow') });
      expect(found?.source).toMatch(/^Python \//);
    } finally {
      if (before === undefined) delete process.env.PYTHONPATH;
      else process.env.PYTHONPATH = before;
    }
  });
});
