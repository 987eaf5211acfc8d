import { readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { MatchedRound } from '../../src/acquisition/matched-queries.ts';
import { extremePairs } from '../../src/reports/match-pairs.ts';
import { planeSpec } from '../../src/reports/match-plane.ts';
import { matchesSection } from '../../src/reports/match-sections.ts';
import { faultsSentence, readMatchedRounds } from '../../src/reports/matched-rounds.ts';
import { queriesSection } from '../../src/reports/picture-sections.ts';
import { writeReport } from '../../src/reports/report.ts';
import { type RunRecord, readRun } from '../../src/reports/run-record.ts';
import { removeRunFixture, writeRunFixture } from './run-fixture.ts';

const words = async (body: unknown) => `${await body}`.replace(/<[^>]+>/g, ' ').replace(/\s+/g, ' ');
let run: string;
let record: RunRecord;
const file = (round: number, ending: string, seed = 1) =>
  path.join(run, 'cells', 'asal', `seed-${seed}`, 'queries', `round-${round}${ending}`);
const roundOf = (round: number, seed = 1) =>
  JSON.parse(readFileSync(file(round, '.json', seed), 'utf8')) as MatchedRound;
const cellsOf = ({ cells }: RunRecord) => cells.filter(({ strategy }) => strategy === 'asal');

beforeAll(async () => {
  run = await writeRunFixture({
    seeds: [1, 2],
    rounds: 3,
    batch: 5,
    pictures: [1, 2, 3],
    generator: false,
    strategies: [{ kind: 'random' }, { kind: 'asal' }],
  });
  record = await readRun(run);
});
afterAll(() => removeRunFixture(run));

describe('pairs', () => {
  test('are the nearest and the farthest of all rounds and seeds, each once', async () => {
    const { rounds } = await readMatchedRounds(cellsOf(record));
    const distances = [1, 2].flatMap((seed) =>
      [1, 2, 3].flatMap((round) => roundOf(round, seed).queries.map(({ distance }) => distance)),
    );
    distances.sort((a, b) => a - b);
    const { nearest, farthest, faults } = await extremePairs(rounds, { most: 8, maxBytes: 10_000 });
    expect(nearest.map(({ distance }) => distance)).toEqual(distances.slice(0, 8));
    expect(farthest.map(({ distance }) => distance)).toEqual(distances.slice(-8).reverse());
    expect(faults).toEqual([]);
  });

  test('show the synthesised image left and the one bought right, with its label and what was read', async () => {
    const { rounds } = await readMatchedRounds(cellsOf(record));
    const { nearest } = await extremePairs(rounds, { most: 1, maxBytes: 10_000 });
    const [{ picture, seed, round, distance, label, reading }] = nearest as [(typeof nearest)[number]];
    const { queries, labels, readings } = roundOf(round, seed);
    const query = queries.findIndex((one) => one.distance === distance);
    expect([label, reading]).toEqual([labels[query], readings[query]]);
    const { data, info } = await sharp(Buffer.from(picture.uri.split(',')[1]!, 'base64'))
      .toColourspace('b-w')
      .raw()
      .toBuffer({ resolveWithObject: true });
    expect(info).toMatchObject({ width: 2 * 84 + 6, height: 84 });
    for (const [position, ending] of ['.npy', '-matches.npy'].entries()) {
      const images = readFileSync(file(round, ending, seed)).subarray(-5 * 784);
      for (const [x, y] of [
        [10, 12],
        [14, 20],
        [27, 0],
      ] as const) {
        const drawn = data[(3 * y + 1) * info.width + position * (84 + 6) + 3 * x + 1];
        expect(drawn).toBe(images[query * 784 + y * 28 + x]);
      }
    }
  });

  test('of a run with few queries do not appear twice', async () => {
    const { rounds } = await readMatchedRounds(cellsOf(record).slice(0, 1));
    const { nearest, farthest } = await extremePairs(rounds.slice(0, 1), { most: 8, maxBytes: 10_000 });
    expect([nearest.length, farthest.length]).toEqual([3, 2]);
  });
});

describe('the plane', () => {
  test('holds all points, with units of one length on both axes', async () => {
    const [first] = (await readMatchedRounds(cellsOf(record))).rounds;
    const spec = planeSpec(first!) as unknown as {
      width: number;
      height: number;
      layer: {
        data: { values: { x: number; y: number }[] };
        encoding: Record<'x' | 'y', { scale: { domain: number[] } }>;
      }[];
    };
    const { x, y } = spec.layer[0]!.encoding;
    const [left, right] = x.scale.domain as [number, number];
    const [low, high] = y.scale.domain as [number, number];
    expect((right - left) / spec.width).toBeCloseTo((high - low) / spec.height, 9);
    expect(spec.layer.map(({ data }) => data.values.length)).toEqual([120, 0, 5, 5, 5]);
    for (const point of spec.layer.flatMap(({ data }) => data.values)) {
      expect(point.x > left && point.x < right && point.y > low && point.y < high).toBe(true);
    }
  });

  test('of features that are all the same still has axes', async () => {
    const [first] = (await readMatchedRounds(cellsOf(record))).rounds;
    const queries = first!.queries.map((query) => ({
      ...query,
      synthesisedAt: [0, 0] as [number, number],
      matchedAt: [0, 0] as [number, number],
    }));
    expect(
      JSON.stringify(planeSpec({ ...first!, queries, plane: { candidates: [[0, 0]], labelled: [] } })),
    ).not.toMatch(/null,null|NaN/);
  });
});

describe('the section', () => {
  test('has the table, the pairs, the planes, and words for each picture', async () => {
    const section = (await matchesSection(record))!;
    const page = `${await section.body}`;
    expect(page.match(/<img /g)).toHaveLength(16);
    for (const [tag] of page.matchAll(/<img [^>]*>/g))
      expect(tag).toMatch(/alt="A synthesised image \(.{20,}"/);
    expect(page.match(/<svg [^>]*aria-label="Features of asal in round [123] of seed 1[^"]*"/g)).toHaveLength(
      3,
    );
    expect(await words(section.body)).toMatch(/asal \d+\.\d % \d+ −?\d+ % \d\.\d\d \d+\.\d % 6 2/);
    expect(page).not.toMatch(/NaN|undefined|Infinity/);
  });

  test('is in the page between the queries and the time, which knows all three phases', async () => {
    const page = readFileSync((await writeReport(run)).html, 'utf8');
    const anchors = [...page.matchAll(/href="#([^"]+)"/g)].map(([, id]) => id);
    expect(anchors.slice(6, 9)).toEqual(['queries', 'matches', 'time']);
    expect(page).toContain('matched from the pool by asal');
    expect(await words(page)).toMatch(/synthesise queries match to the pool score the pool whole run/);
    expect(await words(page)).toContain('Uncertainty along the way');
    expect(page).not.toContain('in rounds.jsonl.</figcaption>');
    const bytes = readFileSync((await writeReport(run)).html);
    expect(bytes.equals(Buffer.from(page))).toBe(true);
  });

  test('is left out where nothing was matched', async () => {
    expect(await matchesSection({ ...record, strategies: record.strategies.slice(0, 1) })).toBeNull();
  });

  test('names rounds whose files are missing or torn, and shows the others', async () => {
    rmSync(file(1, '.json'));
    writeFileSync(file(2, '.json'), readFileSync(file(2, '.json'), 'utf8').slice(0, 500));
    rmSync(file(3, '.npy'));
    const torn = file(1, '-matches.npy', 2);
    truncateSync(torn, statSync(torn).size - 100);
    const section = (await matchesSection(await readRun(run)))!;
    const page = `${await section.body}`;
    expect(await words(page)).toContain(
      'Left out because a file of its matches is missing or damaged: rounds 1, 2 and 3 of seed 1; round 1 of seed 2.',
    );
    expect(page.match(/<img /g)).toHaveLength(10);
    expect(`${await (await queriesSection(record)).body}`).toContain('matched from the pool');
  });

  test('a strategy all of whose files are gone keeps its row', async () => {
    for (const seed of [1, 2])
      rmSync(path.join(run, 'cells', 'asal', `seed-${seed}`, 'queries'), { recursive: true });
    const section = (await matchesSection(await readRun(run)))!;
    expect(await words(section.body)).toMatch(/Left out because.*rounds 1, 2 and 3 of seed 2/);
    expect(`${await section.body}`).not.toMatch(/<img|NaN|undefined/);
  });
});

test('faults are told by seed, each round once', () => {
  expect(faultsSentence([])).toBeNull();
  const fault = (seed: number, round: number) => ({ seed, round });
  expect(faultsSentence([fault(2, 3), fault(1, 2), fault(2, 1), fault(2, 3)])).toBe(
    'Left out because a file of its matches is missing or damaged: round 2 of seed 1; rounds 1 and 3 of seed 2.',
  );
});
