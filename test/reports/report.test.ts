import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { rootStream } from '../../src/random.ts';
import { writeReport } from '../../src/reports/report.ts';
import { removeRunFixture, writeRunFixture } from './run-fixture.ts';

const made: string[] = [];
async function report(
  options: Parameters<typeof writeRunFixture>[0],
): Promise<{ run: string; page: string }> {
  const run = await writeRunFixture(options);
  made.push(run);
  const { html } = await writeReport(run);
  return { run, page: readFileSync(html, 'utf8') };
}

/** The words of a page, its markup left out and its escapes undone. */
const words = (page: string) =>
  page
    .replace(/<style>[\s\S]*?<\/style>|<[^>]+>/g, ' ')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&amp;', '&')
    .replace(/\s+/g, ' ');
const section = (page: string, id: string) =>
  new RegExp(`<section id="${id}"[\\s\\S]*?</section>`).exec(page)?.[0] ?? '';
const pictures = (page: string) => [...page.matchAll(/<img [^>]*>/g)].map(([tag]) => tag);

afterAll(() => {
  for (const run of made) removeRunFixture(run);
});

describe('the report of a finished run', () => {
  let run: string;
  let page: string;
  beforeAll(async () => {
    ({ run, page } = await report({ seeds: [1, 2, 3, 4, 5], rounds: 6 }));
  });

  test('stands alone: no address, no script, no file beside it', () => {
    expect(page).not.toMatch(/<script|<iframe|<object|@import|url\(/i);
    const targets = [...page.matchAll(/\b(?:src|href|srcset|data|action)="([^"]*)"/g)].map(
      ([, target]) => target!,
    );
    expect(targets.length).toBeGreaterThan(20);
    for (const target of targets) expect(target.slice(0, 60)).toMatch(/^(#[a-z]|data:)/);
    expect(page.replace(/"data:[^"]*"/g, '')).not.toMatch(/https?:\/\//);
  });

  test('every entry of the contents leads to a section', () => {
    const anchors = [...page.matchAll(/href="#([^"]+)"/g)].map(([, id]) => id);
    expect(anchors).toEqual([
      'result',
      'curve',
      'strategies',
      'pairs',
      'oracle',
      'diagnostics',
      'queries',
      'generator',
      'time',
      'provenance',
    ]);
    for (const id of anchors) expect(page).toContain(`<section id="${id}"`);
  });

  test('has one title, headings that skip no level, and words for every picture and chart', () => {
    const levels = [...page.matchAll(/<h([1-6])/g)].map(([, level]) => Number(level));
    expect(levels.filter((level) => level === 1)).toHaveLength(1);
    const charts = [...page.matchAll(/<svg [^>]*role="img"[^>]*>/g)].map(([tag]) => tag);
    expect(charts.length).toBeGreaterThan(8);
    for (const tag of charts) expect(tag).toMatch(/aria-label="[^"]{20,}"/);
    for (const tag of pictures(page)) expect(tag).toMatch(/alt="[^"]{20,}"/);
  });

  test('every picture is a PNG of the size it says', async () => {
    expect(pictures(page)).toHaveLength(3 * 3 + 4);
    for (const tag of pictures(page)) {
      const [, base64] = /src="data:image\/png;base64,([^"]+)"/.exec(tag)!;
      const { width, height } = await sharp(Buffer.from(base64!, 'base64')).metadata();
      expect(tag).toContain(`width="${width}" height="${height}"`);
    }
  });

  test('says the verdicts in words', () => {
    const result = words(section(page, 'result'));
    expect(result).toContain('uncertainty is significantly better than random');
    expect(result).toContain('gaal is not significantly different from random');
    expect(result).toMatch(/gaal against random: final accuracy [+−]\d\.\d\d percentage points/);
  });

  test('shows the strategies, the pairs, the oracle, the queries, the time and the machine', () => {
    expect(words(section(page, 'strategies'))).toMatch(/random 95\.\d ± \d\.\d % 9\d\.\d ± \d\.\d %/);
    expect(words(section(page, 'pairs'))).toContain('uncertainty − random');
    expect(words(section(page, 'oracle'))).toContain('99.34 %');
    expect(words(section(page, 'diagnostics'))).toContain('Search objective');
    expect(words(section(page, 'queries'))).toMatch(/Round 6 : synthesised.*Answers: \d+ × 5, \d+ × 7/);
    expect(words(section(page, 'time'))).toContain('synthesise queries');
    expect(words(section(page, 'provenance'))).toContain('Intel Xeon');
    expect(words(section(page, 'provenance'))).toContain('"minConfidence": 0.5');
  });

  test('is well below five megabytes', () => {
    expect(Buffer.byteLength(page)).toBeLessThan(1_500_000);
  });

  test('leaves the whole set of files, none of them half-written', () => {
    expect(readdirSync(path.join(run, 'report')).sort()).toEqual([
      'index.html',
      'learning-curve.png',
      'learning-curve.svg',
      'learning-curve.vl.json',
      'results.csv',
      'results.json',
    ]);
  });

  test('is the same to the byte when written again, in another place too', async () => {
    const other = mkdtempSync(path.join(tmpdir(), 'genal-copy-'));
    made.push(other);
    cpSync(run, other, { recursive: true });
    rmSync(path.join(other, 'report'), { recursive: true });
    await writeReport(other);
    for (const file of readdirSync(path.join(run, 'report'))) {
      const bytes = (folder: string) => readFileSync(path.join(folder, 'report', file));
      expect(bytes(other).equals(bytes(run)), file).toBe(true);
    }
  });
});

describe('the report of a run with gaps', () => {
  test('a failed and an unfinished cell are named at the top and in the tables', async () => {
    const { page } = await report({
      seeds: [1, 2, 3],
      rounds: 4,
      pictures: [1],
      generator: false,
      failed: { 'gaal/2': 'latent search diverged <at step 3>' },
      unfinished: { 'gaal/2': 2, 'uncertainty/3': 1 },
    });
    expect(words(page)).toContain(
      'This run is incomplete: uncertainty has not finished its 4 rounds on seed 3; gaal failed on seed 2.',
    );
    expect(words(section(page, 'strategies'))).toContain('seed 2: latent search diverged <at step 3>');
    expect(words(section(page, 'strategies'))).toContain('unfinished, round 1');
    expect(words(section(page, 'strategies'))).toContain('failed');
    expect(page).toContain('diverged &lt;at step 3&gt;');
    expect(page).not.toMatch(/NaN|undefined|Infinity/);
  });

  test('one seed gives a curve and no verdict', async () => {
    const { page } = await report({ seeds: [7], rounds: 3, pictures: [], generator: false });
    expect(words(section(page, 'result'))).toContain(
      'gaal and random share 1 finished seed, too few for a verdict',
    );
    expect(words(section(page, 'curve'))).toContain('There is one seed, so there is no interval');
    expect(words(section(page, 'queries'))).toContain('No picture of queries is recorded.');
    expect(page).not.toMatch(/NaN|undefined|Infinity/);
  });

  test('a run that has not begun, and one strategy alone, still make a page', async () => {
    const run = await writeRunFixture({
      seeds: [1],
      rounds: 2,
      pictures: [],
      generator: false,
      manifest: false,
      strategies: [{ kind: 'random' }],
    });
    made.push(run);
    rmSync(path.join(run, 'cells'), { recursive: true });
    const { html } = await writeReport(run);
    const page = readFileSync(html, 'utf8');
    expect(words(page)).toContain('No strategy has finished a seed yet');
    expect(words(section(page, 'pairs'))).toContain('There is one strategy, so there is no pair.');
    expect(words(section(page, 'provenance'))).toContain('no manifest.json');
    expect(page).not.toMatch(/NaN|undefined|Infinity/);
  });

  test('strategies that start apart on the same seed are called out', async () => {
    const { run } = await report({ seeds: [1, 2], rounds: 2, pictures: [], generator: false });
    const file = path.join(run, 'cells', 'gaal', 'seed-2', 'rounds.jsonl');
    const [first, ...rest] = readFileSync(file, 'utf8').split('\n');
    writeFileSync(file, [JSON.stringify({ ...JSON.parse(first!), testAccuracy: 0.5 }), ...rest].join('\n'));
    const { html } = await writeReport(run);
    expect(words(readFileSync(html, 'utf8'))).toContain(
      'The strategies do not start from the same accuracy on seed 2',
    );
  });
});

test('text from a run is escaped wherever it stands', async () => {
  const { page } = await report({
    seeds: [1],
    rounds: 2,
    pictures: [1],
    generator: false,
    classes: ['<script>alert(1)</script>', '"onload="x'],
    strategies: [{ kind: 'random' }, { kind: 'gaal' }],
  });
  expect(page).not.toContain('<script');
  expect(page).not.toContain('"onload="x');
  expect(page).toContain('&lt;script&gt;alert(1)&lt;/script&gt;');
});

test('a large run keeps its page below five megabytes', async () => {
  const strategies = [{ kind: 'random' }, { kind: 'gaal' }];
  const run = await writeRunFixture({ seeds: [1], rounds: 2, pictures: [1], generator: false, strategies });
  made.push(run);
  // Noise does not compress.
  const [width, height] = [420, 1400];
  const stream = rootStream(1);
  const bytes = Uint8Array.from({ length: width * height * 3 }, () => stream.bits());
  const noise = await sharp(bytes, { raw: { width, height, channels: 3 } })
    .png()
    .toBuffer();
  expect(4 * noise.length).toBeGreaterThan(5_000_000);
  for (const { kind } of strategies) {
    for (const round of [1, 2]) {
      writeFileSync(path.join(run, 'cells', kind, 'seed-1', 'queries', `round-${round}.png`), noise);
    }
  }
  const { html } = await writeReport(run);
  const page = readFileSync(html, 'utf8');
  expect(Buffer.byteLength(page)).toBeLessThan(2_000_000);
  expect(pictures(page)).toHaveLength(4);
  expect(words(page)).toContain('Only the first rows are shown.');
});
