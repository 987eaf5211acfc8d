/**
 * The package as somebody else gets it: packed with npm from a copy of the repository, unpacked in a second
 * project, and used there by plain Node and by a strict compiler.
 *
 * The second project is not filled by `npm install`: that would need the network or a warm cache and would
 * compile optional packages for a minute. Instead the declared dependencies, and nothing else, are linked
 * from here, so an undeclared one is missing there as it would be after an install.
 */
import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { rootStream } from '../src/random.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const workshop = mkdtempSync(join(tmpdir(), 'genal-package-'));
const consumer = join(workshop, 'consumer');
const installed = join(consumer, 'node_modules', 'genal');

interface Manifest {
  readonly version: string;
  readonly bin: { readonly genal: string };
  readonly exports: Readonly<Record<string, { readonly types: string; readonly default: string }>>;
  readonly dependencies: Readonly<Record<string, string>>;
}

let packed: string[] = [];
let manifest: Manifest;

beforeAll(() => {
  packed = pack(copyRepository());
  install();
}, 180_000);

afterAll(() => {
  rmSync(workshop, { recursive: true, force: true });
});

test('holds what it needs and nothing that only the repository needs', () => {
  for (const path of [
    'package.json',
    'README.md',
    'LICENSE',
    'CHANGELOG.md',
    'dist/scripts/presets/quickstart.json',
  ]) {
    expect(packed).toContain(path);
  }
  const folders = new Set(packed.map((path) => path.split('/').slice(0, 2).join('/')));
  expect([...folders].sort()).toEqual([
    'CHANGELOG.md',
    'LICENSE',
    'README.md',
    'bin/genal.js',
    'dist/generators',
    'dist/matching',
    'dist/scripts',
    'dist/src',
    'dist/vaal',
    'package.json',
  ]);
  expect(packed.filter((path) => path.endsWith('.ts') && !path.endsWith('.d.ts'))).toEqual([]);
});

test('brings every preset of the repository', () => {
  const presets = packed.filter((path) => path.startsWith('dist/scripts/presets/'));
  expect(presets.length).toBeGreaterThan(0);
  for (const path of presets) {
    const text = readFileSync(join(installed, path), 'utf8');
    expect(text).toBe(readFileSync(join(root, path.replace(/^dist\//, '')), 'utf8'));
  }
});

test('has every file that its manifest promises', () => {
  const promised = Object.values(manifest.exports).flatMap((entry) => [entry.types, entry.default]);
  for (const path of [...promised, manifest.bin.genal])
    expect(existsSync(join(installed, path)), path).toBe(true);
});

test('is imported by plain Node, where it draws the same numbers', () => {
  const script = join(consumer, 'use.mjs');
  writeFileSync(
    script,
    `import { digitsDataset, rootStream } from 'genal';
     import * as generators from 'genal/generators';
     import { MatchConfig } from 'genal/matching';
     import { VaalConfig } from 'genal/vaal';
     const digits = digitsDataset({ trainSize: 40, testSize: 10 });
     const drawn = rootStream(7).of('a').bits();
     console.log(JSON.stringify({ n: digits.train.n, drawn, generators: Object.keys(generators).length > 0, rule: MatchConfig.parse({}).rule, latentSize: VaalConfig.parse({}).latentSize }));`,
  );
  const { status, stdout, stderr } = node([script]);
  expect(stderr).not.toContain('Error');
  expect(status).toBe(0);
  const drawn = rootStream(7).of('a').bits();
  expect(JSON.parse(stdout.trim().split('\n').at(-1) ?? '')).toEqual({
    n: 40,
    drawn,
    generators: true,
    rule: 'nearest',
    latentSize: 32,
  });
});

test('has types that a strict project accepts, and that refuse a wrong use', () => {
  writeFileSync(
    join(consumer, 'use.ts'),
    `import type { Generator } from 'genal/generators';
     import { type Dataset, digitsDataset, type PoolIndex, poolIndex, rootStream, type Strategy } from 'genal';
     export const digits: Dataset = digitsDataset({ trainSize: 40, testSize: 10 });
     export const row: PoolIndex = poolIndex(3, digits.train.n);
     export const size = (generator: Generator): number => generator.latentSize;
     export const first: Strategy = {
       async select({ pool, batch }) {
         return { kind: 'pool', rows: pool.candidates.slice(0, batch), diagnostics: {} };
       },
     };
     // @ts-expect-error A plain number is no row of the pool; were the types lost, this would be accepted.
     export const wrong: PoolIndex = 3;
     // @ts-expect-error A seed is a number.
     rootStream('7');\n`,
  );
  expect(typeFaults(join(consumer, 'use.ts'))).toEqual([]);
}, 60_000);

test('has a command that explains itself', () => {
  const { status, stdout } = node([join(installed, manifest.bin.genal), '--help']);
  expect(stdout).toContain('Usage: genal <command>');
  expect(status).toBe(0);
});

test('has a command that runs an experiment in workers of its own and writes the report', () => {
  const config = join(consumer, 'tiny.json');
  writeFileSync(
    config,
    JSON.stringify({
      name: 'tiny',
      dataset: { name: 'digits', trainSize: 60, testSize: 20 },
      initial: { size: 10, balanced: true },
      batch: 2,
      rounds: 1,
      seeds: [1],
      classifier: { kind: 'linear-svm' },
      strategies: [{ kind: 'random' }],
    }),
  );
  const { status, stderr } = node([join(installed, manifest.bin.genal), 'run', config, '--out', 'tiny']);
  expect(stderr).not.toContain('Error');
  expect(status).toBe(0);
  const rounds = readFileSync(join(consumer, 'tiny/cells/random/seed-1/rounds.jsonl'), 'utf8')
    .trim()
    .split('\n');
  expect(rounds.map((line) => (JSON.parse(line) as { labels: number }).labels)).toEqual([10, 12]);
  expect(existsSync(join(consumer, 'tiny/report/index.html'))).toBe(true);
});

/** Everything a clone would hold, so that building neither uses nor changes the repository's own `dist/`. */
function copyRepository(): string {
  const copy = join(workshop, 'copy');
  const left = ['node_modules', 'dist', '.git', 'runs', 'data'].map((name) => join(root, name));
  cpSync(root, copy, { recursive: true, filter: (path) => !left.includes(path) });
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'), 'junction');
  return copy;
}

/** Packs the copy, which builds it first, and lists the paths in the tarball. */
function pack(copy: string): string[] {
  const command = ['pack', '--json', '--foreground-scripts=false', '--pack-destination', workshop];
  const { status, stdout, stderr } = run('npm', command, copy);
  if (status !== 0) throw new Error(`npm pack failed:\n${stdout}\n${stderr}`);
  const [{ filename, files }] = JSON.parse(stdout) as [{ filename: string; files: { path: string }[] }];
  mkdirSync(installed, { recursive: true });
  const unpacked = run('tar', ['-xzf', join(workshop, filename), '--strip-components=1'], installed);
  if (unpacked.status !== 0) throw new Error(`tar failed: ${unpacked.stderr}`);
  return files.map(({ path }) => path);
}

function install(): void {
  manifest = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8')) as Manifest;
  writeFileSync(
    join(consumer, 'package.json'),
    JSON.stringify({ name: 'consumer', private: true, type: 'module' }),
  );
  for (const name of [...Object.keys(manifest.dependencies), '@types/node']) {
    const link = join(consumer, 'node_modules', name);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(join(root, 'node_modules', name), link, 'junction');
  }
}

/**
 * What a strict compiler says about a file of the second project and about the package's own types. Types of
 * other packages are read but not judged, as with `skipLibCheck`.
 */
function typeFaults(file: string): string[] {
  const program = ts.createProgram([file], {
    target: ts.ScriptTarget.ES2023,
    lib: ['lib.es2023.d.ts'],
    module: ts.ModuleKind.NodeNext,
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    typeRoots: [join(consumer, 'node_modules', '@types')],
    types: ['node'],
    noEmit: true,
  });
  const judged = program.getSourceFiles().filter(({ fileName }) => /genal\/dist|use\.ts$/.test(fileName));
  expect(judged.length).toBeGreaterThan(10);
  return [program.getOptionsDiagnostics(), ...judged.map((source) => program.getSemanticDiagnostics(source))]
    .flat()
    .map(
      ({ file: place, messageText }) =>
        `${place?.fileName}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`,
    );
}

function node(args: readonly string[]): SpawnSyncReturns<string> {
  return run(process.execPath, args, consumer);
}

function run(command: string, args: readonly string[], cwd: string): SpawnSyncReturns<string> {
  // Variables of the npm that runs the tests would steer the inner one.
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(npm_|NODE_OPTIONS$|VITEST)/i.test(name)),
  );
  return spawnSync(command, args, {
    cwd,
    env,
    encoding: 'utf8',
    shell: process.platform === 'win32' && command === 'npm',
  });
}
