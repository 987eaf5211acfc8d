import { readFileSync } from 'node:fs';
import { afterAll, describe, expect, test } from 'vitest';
import { writeReport } from '../../src/reports/report.ts';
import { readRun } from '../../src/reports/run-record.ts';
import { meanList, seriesOver, vaalFigures } from '../../src/reports/vaal-figures.ts';
import { removeRunFixture, writeRunFixture } from './run-fixture.ts';
import { OLD, SOUND, tellConfusion, tellVaal } from './vaal-fixture.ts';

const made: string[] = [];
afterAll(() => {
  for (const run of made) removeRunFixture(run);
});

type Strategies = { readonly kind: string; readonly name?: string }[];
async function fixture(
  strategies: Strategies,
  classes: readonly (string | number)[] = [5, 7],
): Promise<string> {
  const run = await writeRunFixture({
    seeds: [1, 2],
    rounds: 2,
    strategies,
    classes,
    pictures: [],
    generator: false,
    gain: {},
  });
  made.push(run);
  return run;
}

/** The words of a section, and its markup. */
async function section(run: string, id: string): Promise<{ words: string; markup: string }> {
  const { html } = await writeReport(run);
  const page = readFileSync(html, 'utf8');
  expect(page.replace(/"data:[^"]*"/g, '')).not.toMatch(/NaN|undefined|Infinity/);
  const markup = new RegExp(`<section id="${id}"[\\s\\S]*?</section>`).exec(page)?.[0] ?? '';
  const words = markup
    .replace(/<[^>]+>/g, ' ')
    .replaceAll('&#39;', "'")
    .replace(/[\s\u202f]+/g, ' ');
  return { words, markup };
}

describe('the section on discriminators', () => {
  test('tells causes, curves, scores, classes, reconstructions and what they cost', async () => {
    const run = await fixture([{ kind: 'random' }, { kind: 'vaal' }, { kind: 'vaal', name: 'vaal-flat' }]);
    for (const seed of [1, 2]) {
      await tellVaal(run, 'vaal', seed, SOUND, { diagnosticsMs: 1500 });
      await tellVaal(run, 'vaal-flat', seed, {
        ...SOUND,
        ...{ activeUnits: 0, divergence: 0.02, saturatedShare: 1, tiedShare: 0.75 },
      });
    }
    const { words, markup } = await section(run, 'discriminators');
    expect(words).toMatch(/vaal 0\.70 4 of 4 20 10\.0 % 20\.0 % 1\.0 % [\d.]+ none/);
    expect(words).toContain('None of posterior collapse, a saturated discriminator and ties holds.');
    expect(words).toContain('The discriminator tells the pools apart (AUC 0.70');
    expect(words).toContain('Posterior collapse, in 4 of 4 rounds: of 4 units of the code 0 are active');
    expect(words).toContain('Saturated discriminator, in 4 of 4 rounds: it has no doubt of 100.0 %');
    expect(words).toContain('decided on 75.0 % of the batch');
    expect(words).toContain('In final accuracy vaal and random share 2 finished seeds');
    expect(words).toContain('cost 1.5 s a round beside 0 ms for training');
    for (const title of [
      'AUC of the discriminator',
      'Loss of the discriminator',
      'Active units',
      'Overlap of the batch',
      'Divergence of each dimension',
      'Scores',
      'Classes bought',
    ]) {
      expect(markup.split(`<h4>${title}</h4>`), title).toHaveLength(3);
    }
    expect(words).toContain('labelled, held out unlabelled selected');
    expect([...markup.matchAll(/<img [^>]*src="data:image\/png;base64/g)]).toHaveLength(2);
    // What stands here is not charted again under its own name.
    const { words: others } = await section(run, 'diagnostics');
    expect(others).not.toMatch(/[Dd]iscriminator ?[Aa]uc|tiedShare/);
    expect(others).toMatch(/reconstruction/);
    expect((await section(run, 'time')).words).toContain('figures for this page');
  });

  test('of older records tells what they have, and what it does not know', async () => {
    const run = await fixture([{ kind: 'vaal' }]);
    for (const seed of [1, 2]) await tellVaal(run, 'vaal', seed, OLD, { pictures: false });
    const { words } = await section(run, 'discriminators');
    expect(words).toContain('Posterior collapse does not hold.');
    expect(words).toContain('do not tell of saturated discriminator and ties: they are of an older version');
    expect(words).toContain('ties not recorded');
    expect(words).toContain('Random sampling is not in this run');
    expect(words).toContain('No picture of reconstructions is recorded.');
    expect(words).not.toContain('The figures of this part cost');
  });

  test('without held-out images says that it cannot know', async () => {
    const run = await fixture([{ kind: 'vaal' }]);
    const none = {
      ...SOUND,
      ...{ discriminatorAuc: null, discriminatorLoss: null, activeUnits: null, divergence: null },
      ...{ divergencePerUnit: null, scoreHistogramLabelled: null },
    };
    for (const seed of [1, 2]) await tellVaal(run, 'vaal', seed, none);
    const { words } = await section(run, 'discriminators');
    expect(words).toContain('Saturated discriminator and ties do not hold.');
    expect(words).toContain('is not known, as no images were held out');
  });

  test('is not there where no strategy has one', async () => {
    const run = await fixture([{ kind: 'random' }]);
    expect((await section(run, 'discriminators')).words).toBe('');
  });
});

test('figures are means over rounds and seeds, series by round, lists entry by entry', async () => {
  const run = await fixture([{ kind: 'vaal' }]);
  await tellVaal(run, 'vaal', 1, SOUND, { pictures: false });
  await tellVaal(
    run,
    'vaal',
    2,
    { ...SOUND, discriminatorAuc: 0.5, scoreHistogram: [1, 0] },
    { pictures: false },
  );
  const { cells } = await readRun(run);
  const figures = vaalFigures('vaal', cells);
  expect(figures).toMatchObject({ rounds: 4, seeds: 2, latentSize: 4, diagnosticsMs: null });
  expect(figures.auc).toBeCloseTo(0.6, 12);
  const series = seriesOver(cells, 'discriminatorAuc');
  expect(series?.perSeed).toHaveLength(2);
  expect(series?.mean.map(({ x, y }) => [x, y?.toFixed(6)])).toEqual([
    [1, '0.600000'],
    [2, '0.600000'],
  ]);
  expect(seriesOver(cells, 'nothing')).toBeNull();
  const records = cells.map(({ rounds }) => rounds[2]!);
  const sorted = meanList(records, 'divergencePerUnit', (values) => values.sort((a, b) => b - a));
  expect(sorted).toEqual([9, 7, 3, 1]);
  expect(records[0]?.diagnostics.divergencePerUnit).toEqual([3, 7, 1, 9]);
});

describe('the section on confusions', () => {
  test('has a heat map a strategy: shares of the last round by class, mean over seeds', async () => {
    const run = await fixture([{ kind: 'random' }, { kind: 'entropy' }], ['shirt', '<coat>']);
    tellConfusion(run, 'random', 1, (round) => (round === 2 ? [90, 10, 0, 50] : [0, 100, 50, 0]));
    tellConfusion(run, 'random', 2, (round) => (round === 2 ? [70, 30, 0, 50] : [0, 100, 50, 0]));
    for (const seed of [1, 2]) tellConfusion(run, 'entropy', seed, () => [100, 0, 5, 45]);
    const { words, markup } = await section(run, 'confusions');
    expect(words).toMatch(/random Round 2, 2 seeds\. %, label in rows shirt .*?shirt 80\.0 20\.0 .*? 100\.0/);
    expect(words).toMatch(/entropy .* 10\.0 90\.0/);
    expect(markup).not.toContain('<coat>');
    // 45 % of the colour at most: as the share where right, as its root where wrong.
    expect(markup).toContain('var(--series-1) 36%');
    expect(markup).toContain(`var(--series-2) ${Math.round(45 * Math.sqrt(0.2))}%`);
  });

  test('lists the largest of many classes, and leaves out who tells none', async () => {
    const classes = Array.from({ length: 21 }, (_, label) => `kind ${label}`);
    const run = await fixture([{ kind: 'random' }, { kind: 'entropy' }], classes);
    const table: number[] = Array.from({ length: 441 }, (_, cell) => (cell % 22 === 0 ? 9 : 0));
    table[3] = 1;
    for (const seed of [1, 2]) tellConfusion(run, 'random', seed, () => table);
    const { words } = await section(run, 'confusions');
    expect(words).toContain('label taken for share kind 0 kind 3 10.0 %');
    expect(words).not.toContain('entropy');
  });

  test('is not there for older records', async () => {
    const run = await fixture([{ kind: 'random' }]);
    expect((await section(run, 'confusions')).words).toBe('');
  });
});
