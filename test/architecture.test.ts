/**
 * Reads the sources and holds them to the rules in CONTRIBUTING.md that neither compiler nor linter checks.
 * Each rule is first shown a bad source, so that a rule that has gone blind fails too.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { chanceViolations } from './architecture/chance-rules.ts';
import { formViolations, linesOf, longestFile } from './architecture/form-rules.ts';
import { importViolations } from './architecture/import-rules.ts';
import { parse, readSources } from './architecture/source.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Record<
  'dependencies' | 'optionalDependencies',
  Record<string, string>
>;
const packages = [...Object.keys(manifest.dependencies), ...Object.keys(manifest.optionalDependencies)];
const sources = readSources(root, ['src', 'generators', 'matching', 'vaal', 'scripts']);

describe('the sources of the project', () => {
  test('are found', () => {
    const found = sources.map(({ path }) => path);
    expect(found).toContain('src/random.ts');
    expect(found).toContain('generators/generator.ts');
    expect(found).toContain('scripts/genal.ts');
  });

  test('import only what lies below them', () => {
    expect(importViolations(sources, packages)).toEqual([]);
  });

  test('draw nothing without a stream and never wait for the device', () => {
    expect(chanceViolations(sources)).toEqual([]);
  });

  test('are short, named after their idea, and finished', () => {
    expect(formViolations(sources)).toEqual([]);
  });

  test('name no path of one machine in the pages and tests around them', () => {
    const around = ['docs', 'test', 'bench', 'build', '.'].flatMap(textFiles);
    expect(around.length).toBeGreaterThan(10);
    expect(around.flatMap((path) => linesOf(path, readFileSync(join(root, path), 'utf8')))).toEqual([]);
  });
});

describe('the rule on imports', () => {
  const faults = (path: string, text: string) =>
    importViolations([parse(path, text)], ['zod', 'sharp', 'vega', '@tensorflow/tfjs']);

  test('accepts what lies below and in the same folder', () => {
    const text = `
      import * as tf from '@tensorflow/tfjs';
      import type { Stream } from '../random.ts';
      import { readFile } from 'node:fs/promises';
      import { z } from 'zod';
      export { pool } from './pool.ts';
    `;
    expect(faults('src/acquisition/loop.ts', text)).toEqual([]);
  });

  test.each([
    ['a value', `import { run } from '../experiments/run.ts';`],
    ['a type', `import type { Run } from '../experiments/run.ts';`],
    ['an export of it', `export { run } from '../experiments/run.ts';`],
    ['all its exports', `export * from '../experiments/run.ts';`],
    ['a late import', `const late = await import('../experiments/run.ts');`],
    ['a type in place', `let run: import('../experiments/run.ts').Run;`],
    ['a require', `const run = require('../experiments/run.ts');`],
    ['no names at all', `import '../experiments/run.ts';`],
  ])('finds an import of a higher layer written as %s', (_, text) => {
    expect(faults('src/acquisition/loop.ts', `\n${text}`)).toEqual([
      'src/acquisition/loop.ts:2: imports src/experiments/run.ts of a higher layer',
    ]);
  });

  test.each([
    ['src/random.ts', './datasets/dataset.ts', 'imports src/datasets/dataset.ts of a higher layer'],
    ['src/datasets/idx.ts', '../classifiers/mlp.ts', 'imports src/classifiers/mlp.ts of a higher layer'],
    ['src/classifiers/mlp.ts', '../../generators/vae.ts', 'imports generators/vae.ts of a sibling layer'],
    ['generators/m2.ts', '../src/classifiers/mlp.ts', 'imports src/classifiers/mlp.ts of a sibling layer'],
    ['generators/m2.ts', '../src/queries/prior.ts', 'imports src/queries/prior.ts of a higher layer'],
    ['matching/match.ts', '../vaal/vaal.ts', 'imports vaal/vaal.ts of a higher layer'],
    ['src/experiments/run.ts', '../reports/grid.ts', 'imports src/reports/grid.ts of a higher layer'],
    ['src/reports/grid.ts', '../../scripts/genal.ts', 'imports scripts/genal.ts of a higher layer'],
    ['src/reports/grid.ts', '../index.ts', 'imports the package entry src/index.ts'],
    ['src/reports/grid.ts', './palette.js', 'imports ./palette.js without its .ts ending'],
    ['src/reports/grid.ts', '../../test/a.ts', 'imports test/a.ts, which belongs to no layer'],
    ['src/novelty/a.ts', './b.ts', 'belongs to no layer'],
  ])('finds that %s must not import %s', (path, specifier, fault) => {
    expect(faults(path, `import { a } from '${specifier}';`)).toEqual([`${path}:1: ${fault}`]);
  });

  test.each([
    ['src/classifiers/mlp.ts', '@tensorflow/tfjs-backend-wasm', 'src/backend/'],
    ['scripts/genal.ts', '@tensorflow/tfjs-node-gpu', 'src/backend/'],
    ['src/datasets/idx.ts', 'sharp', 'src/reports/ and src/datasets/image-folder.ts'],
    ['scripts/genal.ts', 'vega', 'src/reports/'],
    ['scripts/genal.ts', 'vega-lite', 'src/reports/'],
    ['matching/match.ts', 'hnswlib-node', 'matching/hnsw.ts'],
  ])('keeps %s from %s', (path, library, allowed) => {
    expect(faults(path, `import '${library}';`)).toEqual([
      `${path}:1: imports ${library}, which only ${allowed} may`,
    ]);
  });

  test('lets the chosen files have their libraries', () => {
    expect(faults('src/datasets/image-folder.ts', `import sharp from 'sharp';`)).toEqual([]);
    expect(faults('src/reports/chart.ts', `import { View } from 'vega';`)).toEqual([]);
    expect(faults('src/backend/backend.ts', 'await import(packageName);')).toEqual([]);
  });

  test('finds a computed name and a package that is no dependency', () => {
    expect(faults('scripts/genal.ts', "await import('./' + name);")).toEqual([
      'scripts/genal.ts:1: imports a module whose name is computed',
    ]);
    expect(faults('scripts/genal.ts', `import { chunk } from 'lodash/fp';`)).toEqual([
      'scripts/genal.ts:1: imports lodash/fp, which is no dependency',
    ]);
  });

  test('reads code, not comments and strings', () => {
    const text = `// import '../experiments/run.ts'\nconst text = "import '../experiments/run.ts'";`;
    expect(faults('src/random.ts', text)).toEqual([]);
  });
});

describe('the rule on chance', () => {
  const faults = (text: string) => chanceViolations([parse('src/a.ts', text)]);

  test.each([
    ['const x = Math.random();', 'draws with Math.random; take a stream'],
    ['rows.map(Math.random);', 'draws with Math.random; take a stream'],
    ['tf.util.shuffle(rows);', 'draws with tf.util.shuffle; take a stream'],
    ['util.shuffleCombo(a, b);', 'draws with util.shuffleCombo; take a stream'],
    ['tf.rand([2], draw);', 'draws with tf.rand; take a stream'],
    ['logits.dataSync();', 'calls dataSync; await data() instead'],
    ['logits.softmax().arraySync();', 'calls arraySync; await data() instead'],
    ['tf.randomNormal([2]);', 'draws with tf.randomNormal without a seed'],
    ["tf.randomNormal([2], 0, 1, 'float32', 0);", 'draws with tf.randomNormal without a seed'],
    ["tf.randomUniform([2], 0, 1, 'float32', undefined);", 'draws with tf.randomUniform without a seed'],
    ['tf.truncatedNormal([2]);', 'draws with tf.truncatedNormal without a seed'],
    ['tf.multinomial(logits, 3);', 'draws with tf.multinomial without a seed'],
    ['tf.dropout(images, 0.5);', 'draws with tf.dropout without a seed'],
    [
      'tf.initializers.glorotUniform({});',
      'starts weights with tf.initializers.glorotUniform without a seed',
    ],
    ['tf.initializers.heNormal();', 'starts weights with tf.initializers.heNormal without a seed'],
    ['tf.layers.dense({ units: 2 });', 'builds tf.layers.dense with an unseeded kernelInitializer'],
    [
      "tf.layers.conv2d({ filters: 2, kernelInitializer: 'heNormal' });",
      'builds tf.layers.conv2d with an unseeded kernelInitializer',
    ],
    ['tf.layers.dropout({ rate: 0.5, seed: 3 });', 'builds tf.layers.dropout, whose draws no stream decides'],
    ['await model.fit(a, b, { epochs: 2 });', 'lets fit shuffle with Math.random; shuffle the rows first'],
  ])('finds %s', (text, fault) => {
    expect(faults(`\n${text}`)).toEqual([`src/a.ts:2: ${fault}`]);
  });

  test.each([
    "tf.randomNormal([2], 0, 1, 'float32', stream.seed());",
    'tf.multinomial(logits, 3, seed);',
    'tf.initializers.heNormal({ seed: stream.seed() });',
    'tf.initializers.heNormal(options);',
    'tf.initializers.zeros();',
    'tf.layers.dense({ units: 2, kernelInitializer });',
    "tf.layers.dense({ units: 2, kernelInitializer: 'zeros' });",
    'tf.layers.dense({ ...shared, units: 2 });',
    'tf.layers.reLU();',
    'await model.fit(a, b, { epochs: 2, shuffle: false });',
    'pca.fit(rows, components, { passes: 3 });',
    'stream.shuffle(rows);',
    'const values = await logits.data();',
    '// Math.random()',
  ])('accepts %s', (text) => {
    expect(faults(text)).toEqual([]);
  });
});

describe('the rule on form', () => {
  const faults = (path: string, text: string) => formViolations([parse(path, text)]);

  test.each([
    ['export default 1;'],
    ['export default function run() {}'],
    ['const a = 1;export { a as default };'],
  ])('finds the default export in %s', (text) => {
    expect(faults('src/a.ts', text)).toEqual(['src/a.ts:1: has a default export']);
  });

  test('finds a file one line too long', () => {
    expect(faults('src/a.ts', 'f();\n'.repeat(longestFile))).toEqual([]);
    expect(faults('src/a.ts', 'f();\n'.repeat(longestFile + 1))).toEqual([
      `src/a.ts: has ${longestFile + 1} lines, more than ${longestFile}`,
    ]);
  });

  test('finds names that say nothing or are not in kebab case', () => {
    expect(faults('src/queries/utils.ts', '')).toEqual([
      'src/queries/utils.ts: is named after nothing; name it after its idea',
    ]);
    expect(faults('src/latentSearch.ts', '')).toEqual(['src/latentSearch.ts: is not named in kebab case']);
  });

  test('finds a barrel that is no package entry', () => {
    expect(faults('src/index.ts', `export * from './a.ts';`)).toEqual([]);
    expect(faults('src/b.ts', `export * from './a.ts';`)).toEqual([
      "src/b.ts:1: exports another file's names, which only an index.ts may",
    ]);
  });

  // The bad words are put together here, so that this file passes its own rule.
  test.each(['work', 'root', 'home', 'Users'])('finds an absolute path below %s', (folder) => {
    expect(linesOf('docs/a.md', `first\nlook in /${folder}/someone/data`)).toEqual([
      `docs/a.md:2: names a path of one machine, /${folder}/someone`,
    ]);
  });

  test('finds the folder that only .ci/run may name', () => {
    const folder = ['shared', 'datasets'].join('/');
    expect(linesOf('docs/a.md', `data lies in ../${folder}/mnist`)).toEqual([
      `docs/a.md:1: names a path of one machine, ${folder}`,
    ]);
  });

  test('finds a home on Windows, and accepts one that is invented', () => {
    const home = (name: string) => ['C:', 'Users', name].join('\\');
    expect(linesOf('docs/a.md', home('someone'))).toHaveLength(1);
    expect(linesOf('docs/a.md', `${home('me')} or /${'home'}/me/data`)).toEqual([]);
  });

  test('accepts relative paths and addresses', () => {
    expect(linesOf('docs/a.md', 'see ./work/a, ../home/b and https://example.org/home/c')).toEqual([]);
  });

  test('finds a note of unfinished work', () => {
    const note = `TO${'DO'}`;
    expect(faults('src/a.ts', `// ${note}: later`)).toEqual([`src/a.ts:1: leaves a ${note}`]);
  });
});

/** Text files of a folder of the repository, from its root; of the root itself only pages and settings. */
function textFiles(folder: string): string[] {
  const isRoot = folder === '.';
  const wanted = isRoot ? /\.(md|json)$/ : /\.(md|ts|json|txt|ya?ml|sh)$/;
  try {
    return readdirSync(join(root, folder), { withFileTypes: true, recursive: !isRoot })
      .filter((entry) => entry.isFile() && wanted.test(entry.name) && entry.name !== 'package-lock.json')
      .map((entry) => join(entry.parentPath, entry.name).slice(root.length));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
