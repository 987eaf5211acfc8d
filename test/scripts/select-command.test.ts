/**
 * `genal select` on the arrays that the PyTorch example of docs/select.md wrote, beside what NumPy picks from them
 * (test/fixtures/select/make.py).
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dump } from 'npyjs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readArrays } from '../../scripts/read-arrays.ts';
import {
  ARRAY_STRATEGIES,
  ArrayStrategyConfig,
  type ArrayStrategyConfig as Config,
  type PoolArrays,
  selectFromArrays,
} from '../../src/acquisition/select-from-arrays.ts';
import { selectBackend } from '../../src/backend/backend.ts';
import { rootStream } from '../../src/random.ts';
import { genal } from './command-line.ts';

const fixtures = 'test/fixtures/select';
const files = {
  features: `${fixtures}/features.npy`,
  probabilities: `${fixtures}/probabilities.npy`,
  labelled: `${fixtures}/labelled.json`,
};
const expected: Record<string, { selected: number[]; scores: number[] }> = JSON.parse(
  readFileSync(`${fixtures}/expected.json`, 'utf8'),
);
const MANY = ['bald', 'variation-ratios', 'mean-std', 'mc-entropy', 'query-by-committee'];

let one: PoolArrays;
let many: PoolArrays;
const folder = mkdtempSync(join(tmpdir(), 'genal-select-'));

beforeAll(async () => {
  await selectBackend('cpu');
  one = await readArrays(files);
  many = await readArrays({ ...files, probabilities: `${fixtures}/passes.npy` });
});
afterAll(() => rmSync(folder, { recursive: true }));

const arraysOf = (kind: string) => (MANY.includes(kind) ? many : one);
const parse = (kind: string, options: object = {}): Config => ArrayStrategyConfig.parse({ kind, ...options });

describe('rows from arrays', () => {
  test.each(Object.keys(expected))('%s are those that NumPy picks, with their scores', async (kind) => {
    const options = kind === 'query-by-committee' ? { disagreement: 'vote-entropy' } : {};
    const { rows, scores } = await selectFromArrays(parse(kind, options), arraysOf(kind), 6, rootStream(1));
    const theirs = expected[kind] as (typeof expected)[string];
    for (const [at, score] of scores.entries()) expect(score).toBeCloseTo(theirs.scores[at] as number, 6);
    // Votes tie, and NumPy takes the first of those, so where two scores are one the rows may differ; so may the last row,
    // which may tie with one that was not picked.
    const untied = theirs.scores.map((score, at, all) => all.every((s, i) => i === at || s !== score));
    untied.forEach((alone, at) => {
      if (alone && at < 5) expect(rows[at]).toBe(theirs.selected[at]);
    });
  });

  test.each(ARRAY_STRATEGIES)('%s are different, without a label, and the same again', async (kind) => {
    const choose = () => selectFromArrays(parse(kind), arraysOf(kind), 12, rootStream(3).of('x'));
    const { rows, scores } = await choose();
    expect(new Set(rows).size).toBe(12);
    expect(scores).toHaveLength(12);
    for (const row of rows) expect(one.labelled).not.toContain(row);
    expect(await choose()).toEqual({ rows, scores });
  });

  test('are all that have no label, if as many are asked for, and one more is refused', async () => {
    const left = one.n - one.labelled.length;
    for (const kind of ['core-set', 'badge', 'dbal'] as const) {
      const { rows } = await selectFromArrays(parse(kind), one, left, rootStream(1));
      expect(new Set([...rows, ...one.labelled]).size).toBe(one.n);
    }
    await expect(selectFromArrays(parse('random'), one, left + 1, rootStream(1))).rejects.toThrow(
      `selectFromArrays.count: expected at most ${left}`,
    );
  });

  test('need the arrays of their strategy', async () => {
    const { features: _, ...noFeatures } = one;
    const { probabilities: __, ...noProbabilities } = one;
    const choose = (kind: string, arrays: PoolArrays) =>
      selectFromArrays(parse(kind), arrays, 2, rootStream(1));
    await expect(choose('core-set', noFeatures)).rejects.toThrow('features: expected an array for core-set');
    await expect(choose('badge', noProbabilities)).rejects.toThrow('probabilities: expected an array');
    await expect(choose('entropy', many)).rejects.toThrow('one model for entropy, got 20 models');
    await expect(choose('bald', one)).rejects.toThrow('two or more models for bald, got one');
  });
});

describe('reading arrays', () => {
  const write = (name: string, values: Float32Array, shape: number[]) => {
    const file = join(folder, name);
    writeFileSync(file, Buffer.from(dump(values, shape)));
    return file;
  };

  test('turns models first into rows first', () => {
    const { probs, members, classes } = many.probabilities as NonNullable<PoolArrays['probabilities']>;
    expect([members, classes, probs.length]).toEqual([20, 3, 300 * 20 * 3]);
    // Row 1 of model 2, as NumPy's passes[2, 1].
    const bytes = readFileSync(`${fixtures}/passes.npy`);
    const data = new Float32Array(bytes.buffer.slice(bytes.byteOffset + bytes.byteLength - 4 * probs.length));
    expect([...probs.subarray((20 + 2) * 3, (20 + 3) * 3)]).toEqual([
      ...data.subarray((2 * 300 + 1) * 3, (2 * 300 + 2) * 3),
    ]);
  });

  test('refuses what cannot be meant, naming the flag', async () => {
    const logits = write('logits.npy', Float32Array.of(1, 2, 3, 4), [2, 2]);
    const flat = write('flat.npy', Float32Array.of(1, 2), [2]);
    const broken = write('broken.npy', Float32Array.of(1, Number.NaN), [1, 2]);
    const short = write('short.npy', Float32Array.of(0.5, 0.5), [1, 2]);
    await expect(readArrays({})).rejects.toThrow('expected --features FILE.npy or --probabilities');
    await expect(readArrays({ probabilities: logits })).rejects.toThrow('of logits take the softmax first');
    await expect(readArrays({ features: flat })).rejects.toThrow('--features: expected an array [n, size]');
    await expect(readArrays({ features: broken })).rejects.toThrow(
      'expected finite numbers, got NaN at place 1',
    );
    await expect(readArrays({ ...files, probabilities: short })).rejects.toThrow(
      'expected a row for each of the 300 rows of --features, got 1',
    );
    await expect(readArrays({ features: join(folder, 'none.npy') })).rejects.toThrow('(ENOENT)');
    await expect(readArrays({ features: files.labelled })).rejects.toThrow(
      '--features: expected a .npy file',
    );
    const list = join(folder, 'list.json');
    for (const text of ['[300]', '[1, 1]', '{}', 'x']) {
      writeFileSync(list, text);
      await expect(readArrays({ ...files, labelled: list })).rejects.toThrow(
        '--labelled: expected a JSON list',
      );
    }
  });
});

describe('genal select', () => {
  test('prints rows, or JSON with scores', { timeout: 120_000 }, async () => {
    const words = ['select', '--strategy', 'margin', '--batch', '6', '--backend', 'cpu'];
    const arrays = ['--probabilities', files.probabilities, '--labelled', files.labelled];
    const [plain, json] = await Promise.all([
      genal(...words, ...arrays),
      genal(...words, ...arrays, '--json'),
    ]);
    expect([plain.status, plain.stderr]).toEqual([0, '']);
    expect(plain.stdout).toBe(`${expected.margin?.selected.join('\n')}\n`);
    expect(JSON.parse(json.stdout)).toMatchObject({
      strategy: 'margin',
      selected: expected.margin?.selected,
    });
  });

  test('says what is missing in a sentence', { timeout: 120_000 }, async () => {
    const words = [
      'select',
      '--strategy',
      'core-set',
      '--backend',
      'cpu',
      '--probabilities',
      files.probabilities,
    ];
    const [none, strange] = await Promise.all([
      genal(...words, '--batch', '3'),
      genal('select', '--strategy', 'gaal', '--batch', '3'),
    ]);
    expect(none.status).toBe(1);
    expect(none.stderr).toBe('--features: expected an array for core-set, got none\n');
    expect(strange.stderr).toMatch(/^--strategy: expected one of random, .*, got "gaal"\n$/);
  });
});

test('docs/select.md shows the script that wrote the arrays', () => {
  const page = readFileSync('docs/select.md', 'utf8');
  expect(page).toContain(`\`\`\`python\n${readFileSync('docs/select/from_pytorch.py', 'utf8')}\`\`\``);
});
