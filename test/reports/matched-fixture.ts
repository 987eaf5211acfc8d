/**
 * Rounds of a cell that buys pool images in place of synthesised ones: blends of two drawn digits, matched by coarse
 * pixels with the nearest digit that nothing was bought for yet.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { dump } from 'npyjs';
import type { MatchedRound, PlanePoint } from '../../src/acquisition/matched-queries.ts';
import type { Answer } from '../../src/acquisition/round-record.ts';
import type { Diagnostics } from '../../src/acquisition/strategy.ts';
import { drawDigit } from '../../src/datasets/digits.ts';
import type { Stream } from '../../src/random.ts';
import { writeMatchGrid } from '../../src/reports/match-grid.ts';
import { poolIndex } from '../../src/shapes.ts';

const SHAPE = [28, 28, 1] as const;
const SIZE = 784;
/** Side of a square of pixels that makes one feature. */
const BLOCK = 7;
const DIGITS = [5, 7];

export interface MatchedCell {
  /** Bytes of a digit each. */
  readonly pool: readonly Uint8Array[];
  readonly labels: readonly number[];
  readonly bought: Set<number>;
}

export function startMatchedCell(stream: Stream, poolSize = 120): MatchedCell {
  const labels = Array.from({ length: poolSize }, (_, row) => row % 2);
  return {
    labels,
    pool: labels.map((label, row) => drawDigit(DIGITS[label]!, stream.of('pool', row))),
    bought: new Set(),
  };
}

export interface MatchedFixtureRound {
  readonly rows: number[];
  readonly answers: Answer[];
  readonly diagnostics: Diagnostics;
}

/** Takes a round; writes its files below `folder` unless that is null. */
export async function matchedRound(
  cell: MatchedCell,
  {
    round,
    batch,
    stream,
    folder,
    heading,
    noise = 20,
  }: {
    round: number;
    batch: number;
    stream: Stream;
    folder: string | null;
    heading: string;
    /** Deviation of the grey levels of a synthesised image from the blend. */
    noise?: number;
  },
): Promise<MatchedFixtureRound> {
  const { pool, labels, bought } = cell;
  const candidates = pool.flatMap((_, row) => (bought.has(row) ? [] : [row]));
  const labelled = [...bought];
  const features = pool.map(featuresOf);
  const synthesised: Uint8Array[] = [];
  const readings: (number | null)[] = [];
  const queries: MatchedRound['queries'][number][] = [];
  for (let query = 0; query < batch; query++) {
    const [one, other] = [stream.integer(pool.length), stream.integer(pool.length)];
    const share = 0.5 + 0.3 * stream.uniform();
    const image = Uint8Array.from(pool[one]!, (value, at) =>
      Math.max(0, Math.min(255, share * value + (1 - share) * pool[other]![at]! + noise * stream.normal())),
    );
    const feature = featuresOf(image);
    const near = candidates
      .map((row) => ({ row: poolIndex(row), distance: distanceBetween(feature, features[row]!) }))
      .sort((a, b) => a.distance - b.distance);
    const rank = near.findIndex(({ row }) => !bought.has(row));
    const match = near[rank]!;
    bought.add(match.row);
    synthesised.push(image);
    readings.push(stream.uniform() < 0.1 ? null : labels[one]!);
    const start = 0.05 + 0.1 * stream.uniform();
    const end = 0.6 + 0.09 * stream.uniform();
    queries.push({
      row: match.row,
      distance: match.distance,
      rank,
      collided: rank > 0,
      neighbours: near.slice(0, 5),
      uncertainty: { start, end, matched: start + (end - start) * Math.max(0, 1 - match.distance / 3) },
      synthesisedAt: planeOf(feature),
      matchedAt: planeOf(features[match.row]!),
    });
  }
  const rows = queries.map(({ row }) => row as number);
  const answers = rows.map((row): Answer => ({ label: labels[row]!, confidence: 1 }));
  const record: MatchedRound = {
    round,
    measure: 'entropy',
    queries,
    plane: {
      candidates: candidates.map((row) => planeOf(features[row]!)),
      labelled: labelled.map((row) => planeOf(features[row]!)),
    },
    labels: answers.map(({ label }) => label),
    readings,
  };
  if (folder !== null) await write(folder, record, synthesised, cell, heading);
  return {
    rows,
    answers,
    diagnostics: diagnosticsOf(
      record,
      candidates.map((row) => features[row]!),
    ),
  };
}

async function write(
  folder: string,
  record: MatchedRound,
  synthesised: readonly Uint8Array[],
  { pool }: MatchedCell,
  heading: string,
): Promise<void> {
  const file = path.join(folder, 'queries', `round-${record.round}`);
  mkdirSync(path.dirname(file), { recursive: true });
  const npy = (images: readonly Uint8Array[]) =>
    Buffer.from(dump(new Uint8Array(Buffer.concat(images)), [images.length, ...SHAPE]));
  writeFileSync(`${file}.npy`, npy(synthesised));
  writeFileSync(`${file}-matches.npy`, npy(record.queries.map(({ row }) => pool[row]!)));
  writeFileSync(`${file}.json`, `${JSON.stringify(record)}\n`);
  await writeMatchGrid(`${file}.png`, {
    heading: `${heading}, round ${record.round}`,
    shape: SHAPE,
    queries: record.queries.map(({ row, distance, neighbours, uncertainty }, query) => {
      const label = record.labels[query];
      const reading = record.readings[query];
      return {
        synthesised: {
          image: synthesised[query]!,
          caption: {
            title: reading == null ? 'looks like nothing' : `looks like ${DIGITS[reading]}`,
            detail: `entropy ${uncertainty.end.toFixed(2)}`,
            tone: 'plain' as const,
          },
        },
        matched: {
          image: pool[row]!,
          caption: {
            title: `${DIGITS[label!]}`,
            detail: `entropy ${uncertainty.matched.toFixed(2)}, distance ${distance.toFixed(2)}`,
            tone: reading === label ? ('plain' as const) : ('warning' as const),
          },
        },
        neighbours: neighbours.map((neighbour) => ({
          image: pool[neighbour.row]!,
          isMatch: neighbour.row === row,
          caption: { title: '', detail: `distance ${neighbour.distance.toFixed(2)}`, tone: 'plain' as const },
        })),
      };
    }),
  });
}

function diagnosticsOf(
  { queries, labels, readings }: MatchedRound,
  features: readonly (readonly number[])[],
): Diagnostics {
  const distances = queries.map(({ distance }) => distance);
  const poolDistance = medianOf(
    features.map((feature, row) =>
      Math.min(...features.map((other, at) => (at === row ? 1e9 : distanceBetween(feature, other)))),
    ),
  );
  const step = (of: 'start' | 'end' | 'matched') => meanOf(queries.map(({ uncertainty }) => uncertainty[of]));
  const [start, end, matched] = [step('start'), step('end'), step('matched')];
  const read = readings.flatMap((reading, at) => (reading === null ? [] : [reading === labels[at] ? 1 : 0]));
  return {
    objective: 'entropy',
    uncertaintyMeasure: 'entropy',
    uncertaintyStart: start,
    uncertaintyEnd: end,
    uncertaintyMatched: matched,
    uncertaintyKept: (matched - start) / (end - start),
    matchDistance: medianOf(distances),
    matchDistanceLargest: Math.max(...distances),
    poolDistance,
    matchDistanceRatio: medianOf(distances) / poolDistance,
    collisionRate: meanOf(queries.map(({ collided }) => (collided ? 1 : 0))),
    distinctPreferences: new Set(queries.map(({ neighbours }) => neighbours[0]!.row)).size,
    labelAgreement: read.length === 0 ? null : meanOf(read),
    agreementAnswered: read.length,
  };
}

/** Mean grey level of each block, in [0, 1]. */
function featuresOf(image: Uint8Array): number[] {
  const across = 28 / BLOCK;
  const sums = new Array<number>(across * across).fill(0);
  for (let at = 0; at < SIZE; at++) {
    const block = Math.floor(Math.floor(at / 28) / BLOCK) * across + Math.floor((at % 28) / BLOCK);
    sums[block]! += image[at]! / 255 / BLOCK ** 2;
  }
  return sums;
}

function planeOf(features: readonly number[]): PlanePoint {
  // What tells a 5 from a 7: ink in the lower left, ink in the upper right.
  return [features[8]! + features[13]! - features[3]!, features[1]! + features[2]! - features[10]!];
}

function distanceBetween(one: readonly number[], other: readonly number[]): number {
  return Math.sqrt(one.reduce((sum, value, at) => sum + (value - other[at]!) ** 2, 0));
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function medianOf(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)]!;
}
