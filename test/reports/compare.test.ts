import { cpSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Comparison, compareRuns } from '../../src/reports/compare.ts';
import { comparisonPage } from '../../src/reports/compare-page.ts';
import { comparisonText } from '../../src/reports/compare-text.ts';
import { removeRunFixture, writeRunFixture } from './run-fixture.ts';

const made: string[] = [];

interface Change {
  readonly config?: Record<string, unknown>;
  readonly manifest?: Record<string, unknown>;
}

/** A run folder, small and without pictures, as `runs` of it would lie side by side. */
async function runFolder(
  options: Parameters<typeof writeRunFixture>[0],
  { config = {}, manifest = {} }: Change = {},
): Promise<string> {
  const run = await writeRunFixture({ rounds: 8, pictures: [], generator: false, ...options });
  made.push(run);
  const change = (file: string, values: Record<string, unknown>) => {
    const whole = JSON.parse(readFileSync(path.join(run, file), 'utf8'));
    writeFileSync(path.join(run, file), JSON.stringify({ ...whole, ...values }));
  };
  change('config.json', config);
  change('manifest.json', { dataSha256: 'a'.repeat(64), trainImages: 11_000, testImages: 1920, ...manifest });
  return run;
}

afterAll(() => {
  for (const run of made) removeRunFixture(run);
});

const words = (text: string) =>
  text
    .replace(/<style>[\s\S]*?<\/style>|<[^>]+>/g, ' ')
    .replaceAll('&#39;', "'")
    .replace(/[\s\u202f]+/g, ' ');
const section = (page: string, id: string) =>
  new RegExp(`<section id="${id}"[\\s\\S]*?</section>`).exec(page)?.[0] ?? '';
const names = ({ results }: Comparison) => results.strategies.map(({ name }) => name);

describe('one run', () => {
  let run: string;
  let comparison: Comparison;
  beforeAll(async () => {
    run = await runFolder({});
    comparison = await compareRuns([run]);
  });

  test('has the figures of its own report and a fair comparison', () => {
    expect(comparison).toMatchObject({ fair: true, differences: [], leftOut: [], labels: 130 });
    expect(names(comparison)).toEqual(['random', 'uncertainty', 'gaal']);
    expect(comparison.results.strategies.map(({ n }) => n)).toEqual([5, 5, 5]);
  });

  test('counts the other strategies won and lost by verdict', () => {
    const [random, uncertainty] = comparison.againstOthers;
    expect(uncertainty).toMatchObject({ strategy: 'uncertainty', losses: 0 });
    expect(uncertainty!.wins).toBeGreaterThan(0);
    expect(random!.losses).toBeGreaterThan(0);
    for (const { wins, ties, losses } of comparison.againstOthers) expect(wins + ties + losses).toBe(2);
    const total = (key: 'wins' | 'losses') =>
      comparison.againstOthers.reduce((sum, counts) => sum + counts[key], 0);
    expect(total('wins')).toBe(total('losses'));
  });

  test('asks by default for the accuracy that random reaches, which random does', () => {
    const random = comparison.results.strategies[0]!;
    expect(comparison.target).toBe(random.finalAccuracy.mean);
    expect(comparison.labelsNeeded[0]!.ofMean).not.toBeNull();
    expect(comparison.labelsNeeded[1]!.ofMean!).toBeLessThan(comparison.labelsNeeded[0]!.ofMean!);
  });

  test('has a penalty matrix over budgets that double', () => {
    expect(comparison.penaltyMatrix.budgets[0]).toBe(60);
    expect(comparison.penaltyMatrix.strategies).toEqual(names(comparison));
  });

  test('says how many seeds each pair would take', () => {
    expect(comparison.power.map(({ a, b }) => `${a} ${b}`)).toEqual([
      'random uncertainty',
      'random gaal',
      'uncertainty gaal',
    ]);
    for (const { seeds, seedsCorrected } of comparison.power) {
      expect(seeds).toBeGreaterThanOrEqual(2);
      expect(seedsCorrected!).toBeGreaterThanOrEqual(seeds!);
    }
  });

  test('is JSON without NaN or Infinity', () => {
    expect(JSON.parse(JSON.stringify(comparison))).toEqual(comparison);
  });

  test('refuses a target that is no accuracy', async () => {
    await expect(compareRuns([run], { target: 95 })).rejects.toThrow(
      'expected an accuracy in (0, 1], got 95',
    );
  });
});

describe('two runs', () => {
  test('put the run before a name that both have, and leave other names alone', async () => {
    const first = await runFolder({ strategies: [{ kind: 'random' }, { kind: 'gaal' }] });
    const second = await runFolder(
      { strategies: [{ kind: 'random' }, { kind: 'uncertainty' }] },
      { config: { name: 'second' } },
    );
    const comparison = await compareRuns([first, second]);
    expect(names(comparison)).toEqual(['gaal-mnist-5v7/random', 'gaal', 'second/random', 'uncertainty']);
    expect(comparison.fair).toBe(true);
    const [same] = comparison.results.pairs.finalAccuracy.filter(
      ({ a, b }) => a.endsWith('random') && b.endsWith('random'),
    );
    expect(same).toMatchObject({ ties: 5, verdict: 'not significant', reason: 'every difference is zero' });
  });

  test('of one name go by their folders', async () => {
    const first = await runFolder({ strategies: [{ kind: 'random' }] });
    const folder = mkdtempSync(path.join(tmpdir(), 'genal-copy-'));
    made.push(folder);
    cpSync(first, path.join(folder, 'again'), { recursive: true });
    const comparison = await compareRuns([first, path.join(folder, 'again')]);
    expect(names(comparison)).toEqual([`${path.basename(first)}/random`, 'again/random']);
  });

  test('are paired on the seeds both have, and the others are named', async () => {
    const first = await runFolder({ seeds: [1, 2, 3, 4], strategies: [{ kind: 'random' }] });
    const second = await runFolder({ seeds: [2, 3, 4, 5, 6], strategies: [{ kind: 'uncertainty' }] });
    const comparison = await compareRuns([first, second]);
    expect(comparison.results.seeds).toEqual([2, 3, 4]);
    expect(comparison.results.pairs.finalAccuracy[0]!.n).toBe(3);
    expect(comparison.results.strategies.map(({ n }) => n)).toEqual([3, 3]);
    expect(comparison.leftOut).toEqual([
      `${first}: seed 1 is left out, which not all runs have.`,
      `${second}: seeds 5 and 6 are left out, which not all runs have.`,
    ]);
  });

  test('of different length are compared where both have got to', async () => {
    const short = await runFolder({ strategies: [{ kind: 'random' }], rounds: 4 });
    const long = await runFolder({
      strategies: [{ kind: 'uncertainty' }],
      unfinished: { 'uncertainty/2': 6, 'uncertainty/3': 2 },
      failed: { 'uncertainty/1': 'out of memory' },
    });
    const comparison = await compareRuns([short, long]);
    expect(comparison.labels).toBe(90);
    const { curve, perSeed } = comparison.results.strategies[1]!;
    expect(curve.at(-1)!.labelsCharged).toBe(90);
    expect(perSeed.map(({ status }) => status)).toEqual([
      'failed',
      'finished',
      'unfinished',
      'finished',
      'finished',
    ]);
    expect(comparison.leftOut).toEqual([
      `${long}: rounds beyond 90 labels are left out, where not all runs go on.`,
    ]);
    expect(comparison.results.pairs.finalAccuracy[0]!.n).toBe(3);
  });

  test('in which a strategy was trained longer are unfair', async () => {
    const first = await runFolder({ strategies: [{ kind: 'random' }] });
    const second = await runFolder(
      { strategies: [{ kind: 'uncertainty' }] },
      { config: { classifier: { kind: 'linear-svm', c: 1, updates: 900_000 } } },
    );
    const comparison = await compareRuns([first, second]);
    expect(comparison.fair).toBe(false);
    expect(comparison.differences[0]!.sentence).toBe(
      `${second} differs from ${first} in the classifier and its training (updates 900000, not nothing), so a difference in accuracy may be due to that and not to the strategies.`,
    );
    const page = await comparisonPage(comparison);
    expect(page).toMatch(/class="failed">Not a fair comparison\./);
    expect(words(page)).toContain('in the classifier and its training (updates 900000');
    expect(comparisonText(comparison, (text) => `<red>${text}</red>`)).toContain(
      `<red>! ${second} differs from ${first} in the classifier`,
    );
  });

  test('on two backends are compared, and the page says so', async () => {
    const first = await runFolder({ strategies: [{ kind: 'random' }] });
    const second = await runFolder({ strategies: [{ kind: 'gaal' }] }, { manifest: { backend: 'cpu' } });
    const comparison = await compareRuns([first, second]);
    expect(comparison.fair).toBe(true);
    expect(words(await comparisonPage(comparison))).toContain('was computed on cpu,');
  });

  test('without a seed in common are unfair, and nothing is paired', async () => {
    const first = await runFolder({ seeds: [1, 2], strategies: [{ kind: 'random' }] });
    const second = await runFolder({ seeds: [3], strategies: [{ kind: 'gaal' }] });
    const comparison = await compareRuns([first, second]);
    expect(comparison.fair).toBe(false);
    expect(comparison.results.pairs.finalAccuracy[0]).toMatchObject({ n: 0, verdict: 'too few seeds' });
    expect(await comparisonPage(comparison)).not.toMatch(/NaN|undefined|Infinity/);
  });
});

describe('the page', () => {
  let page: string;
  let comparison: Comparison;
  beforeAll(async () => {
    const run = await runFolder({ failed: { 'gaal/2': 'diverged <here>' } });
    comparison = await compareRuns([run]);
    page = await comparisonPage(comparison);
  });

  test('stands alone, and its contents lead to its sections', () => {
    expect(page).not.toMatch(/<script|@import|url\(|https?:\/\//i);
    const anchors = [...page.matchAll(/href="#([^"]+)"/g)].map(([, id]) => id);
    expect(anchors).toEqual(['result', 'curve', 'strategies', 'labels', 'pairs', 'penalty', 'runs']);
    for (const id of anchors) expect(page).toContain(`<section id="${id}"`);
    expect(page).not.toMatch(/NaN|undefined|Infinity/);
  });

  test('keeps a failed cell as failed, its message escaped', () => {
    expect(words(page)).toContain('This run is incomplete: gaal failed on seed 2.');
    expect(section(page, 'strategies')).toContain('diverged &lt;here&gt;');
  });

  test('has the heat map with row and column sums', () => {
    const { entries, rowSums, columnSums } = comparison.penaltyMatrix;
    const text = words(section(page, 'penalty'));
    const row = entries[1]!.map((entry, i) => (i === 1 ? '·' : entry.toFixed(2))).join(' ');
    expect(text).toContain(`uncertainty ${row} ${rowSums[1]!.toFixed(2)}`);
    expect(text).toContain(`beaten, column sum ${columnSums.map((sum) => sum.toFixed(2)).join(' ')}`);
    const strong = Math.round(45 * Math.max(...entries.flat()));
    expect(strong).toBeGreaterThan(0);
    expect(section(page, 'penalty')).toContain(`var(--series-1) ${strong}%`);
  });

  test('tells the labels needed, the pairs and the power', () => {
    expect(words(section(page, 'labels'))).toMatch(/until test accuracy was at 9\d\.\d\d %/);
    expect(words(section(page, 'labels'))).toMatch(/on seed 1, .*on seed 5/);
    expect(words(section(page, 'pairs'))).toMatch(/uncertainty − random 5 5\/0\/0/);
    expect(words(section(page, 'pairs'))).toContain('To find a true difference of 1 percentage point');
  });

  test('is the same to the byte when made again', async () => {
    expect(await comparisonPage(comparison)).toBe(page);
  });
});

describe('the text', () => {
  test('has the strategies, the pairs with verdicts and what failed', async () => {
    const run = await runFolder({ failed: { 'gaal/2': 'diverged' } });
    const text = comparisonText(await compareRuns([run])).replaceAll('\u202f', ' ');
    expect(text).toContain('mnist: 3 strategies on 5 seeds, up to 130 labels paid for');
    expect(text).toContain('! This run is incomplete: gaal failed on seed 2.');
    expect(text).toMatch(/^gaal .* 4 of 5, failed on 2$/m);
    expect(text).toMatch(/^uncertainty - random +5\/0\/0 .*uncertainty better/m);
    expect(text).toMatch(/^gaal - random .*not significant/m);
    expect(text).not.toMatch(/NaN|undefined|Infinity/);
  });

  test('of a strategy alone has no pair', async () => {
    const run = await runFolder({ seeds: [1], strategies: [{ kind: 'random' }] });
    expect(comparisonText(await compareRuns([run]))).toContain('One strategy, so no pair.');
  });
});

describe('what is no run folder', () => {
  test('is named, and so is one given twice', async () => {
    const run = await runFolder({ seeds: [1], strategies: [{ kind: 'random' }], rounds: 1 });
    await expect(compareRuns([run, '/nonexistent'])).rejects.toThrow(
      '/nonexistent: expected a run folder with a config.json, found none',
    );
    await expect(compareRuns([run, path.join(run, '.')])).rejects.toThrow('got this one twice');
    const empty = path.join(run, 'empty');
    mkdirSync(empty);
    writeFileSync(path.join(empty, 'config.json'), '{');
    await expect(compareRuns([empty])).rejects.toThrow(path.join(empty, 'config.json'));
  });
});
