/**
 * What `genal compare` prints, writes and refuses, on run folders of a few rounds.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { removeRunFixture, writeRunFixture } from '../reports/run-fixture.ts';
import { genal } from './command-line.ts';

const folder = mkdtempSync(join(tmpdir(), 'genal-compare-command-'));
const page = join(folder, 'pages', 'compare.html');
let plain: string;
let other: string;
let longer: string;

beforeAll(async () => {
  const options = { seeds: [1, 2, 3], rounds: 4, pictures: [], generator: false };
  plain = await writeRunFixture({ ...options, strategies: [{ kind: 'random' }, { kind: 'gaal' }] });
  other = await writeRunFixture({ ...options, strategies: [{ kind: 'uncertainty' }] });
  longer = await writeRunFixture({ ...options, strategies: [{ kind: 'uncertainty', name: 'longer' }] });
  const file = join(longer, 'config.json');
  const config = JSON.parse(readFileSync(file, 'utf8'));
  const classifier = { ...config.classifier, updates: 900_000 };
  writeFileSync(file, JSON.stringify({ ...config, classifier }));
});
afterAll(() => {
  for (const run of [plain, other, longer]) removeRunFixture(run);
  rmSync(folder, { recursive: true });
});

const timeout = 300_000;

describe('genal compare', () => {
  test('prints tables and writes a page', { timeout }, async () => {
    const { status, stdout, stderr } = await genal('compare', plain, other, '--out', page);
    expect(stderr).toBe('');
    expect(status).toBe(0);
    expect(stdout).toContain('mnist: 3 strategies of 2 runs on 3 seeds, up to 90 labels paid for');
    expect(stdout).toMatch(/^uncertainty - random .*(better|not significant)/m);
    expect(stdout).not.toContain('\x1b[');
    expect(stdout.trimEnd().split('\n').at(-1)).toBe(`page: ${page}`);
    expect(readFileSync(page, 'utf8')).toContain('<section id="penalty"');
  });

  test('prints the same figures as JSON, and nothing else and no page', { timeout }, async () => {
    const words = ['compare', plain, other, '--json', '--target', '0.97'];
    const { status, stdout, stderr } = await genal(...words);
    expect([status, stderr]).toEqual([0, '']);
    const figures = JSON.parse(stdout);
    expect(figures).toMatchObject({ fair: true, target: 0.97, labels: 90 });
    expect(figures.results.strategies.map(({ name }: { name: string }) => name)).toEqual([
      'random',
      'gaal',
      'uncertainty',
    ]);
    expect(existsSync('compare.html')).toBe(false);
  });

  test('refuses a run whose strategy was trained longer, in a sentence and without a page', {
    timeout,
  }, async () => {
    const file = join(folder, 'refused.html');
    const { status, stdout, stderr } = await genal('compare', plain, longer, '--out', file);
    expect([status, stdout]).toEqual([1, '']);
    expect(stderr).toContain(
      `${longer} differs from ${plain} in the classifier and its training (updates 900000, not nothing)`,
    );
    expect(stderr).toContain('Not compared; --anyway');
    expect(existsSync(file)).toBe(false);
  });

  test('compares it anyway when told to, marked in text and page', { timeout }, async () => {
    const file = join(folder, 'anyway.html');
    const { status, stdout } = await genal('compare', plain, longer, '--anyway', '--out', file);
    expect(status).toBe(0);
    expect(stdout).toContain(`! ${longer} differs from ${plain} in the classifier`);
    expect(readFileSync(file, 'utf8')).toContain('Not a fair comparison.');
  });

  test.each([
    [['--target', '95'], '--target: expected an accuracy above 0 and at most 1, such as 0.95, got "95"'],
    [['--out', tmpdir()], /^--out: expected a file that can be written, got ".*" \(E\w+\)$/],
  ])('refuses %j', { timeout }, async (words, message) => {
    const { status, stderr } = await genal('compare', plain, ...words);
    expect(status).toBe(1);
    if (typeof message === 'string') expect(stderr.trim()).toBe(message);
    else expect(stderr.trim()).toMatch(message);
  });
});
