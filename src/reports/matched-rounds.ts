/**
 * Reads what cells tell of their matches. A run may be unfinished or have been killed: a round whose files are missing or
 * damaged is left out and named, never an error.
 */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { parse } from 'npyjs';
import { z } from 'zod';
import type { ImageShape } from '../datasets/dataset.ts';
import { runPaths } from '../experiments/run-folder.ts';
import { list } from './number-format.ts';
import type { CellRecord } from './run-record.ts';

const Point = z.tuple([z.number(), z.number()]);
const Label = z.number().nullable();

const MatchedRoundFile = z.looseObject({
  round: z.number(),
  measure: z.enum(['entropy', 'margin']),
  queries: z.array(z.looseObject({ distance: z.number(), synthesisedAt: Point, matchedAt: Point })).min(1),
  plane: z.looseObject({ candidates: z.array(Point), labelled: z.array(Point) }),
  labels: z.array(Label),
  readings: z.array(Label),
});

/** What of a `MatchedRound` a report relies on. */
export type ReportedRound = z.output<typeof MatchedRoundFile>;

/** A round with its place in the run; its images lie in files beside it. */
export interface MatchedRoundRecord extends ReportedRound {
  readonly cell: CellRecord;
}

/** The rounds of a strategy that can be shown, and what cannot. */
export interface MatchedRounds {
  /** By seed, then round. */
  readonly rounds: readonly MatchedRoundRecord[];
  readonly faults: readonly RoundFault[];
}

export interface RoundFault {
  readonly seed: number;
  readonly round: number;
}

/** Both images of every query of a round, in bytes. */
export interface MatchedImages {
  readonly shape: ImageShape;
  /** `[queries, height, width, channels]` */
  readonly synthesised: Uint8Array;
  /** `[queries, height, width, channels]` */
  readonly matched: Uint8Array;
}

/** Whether a round bought pool rows in place of synthesised images. */
export function isMatched({ diagnostics }: CellRecord['rounds'][number] | { diagnostics: object }): boolean {
  return 'matchDistance' in diagnostics;
}

/** The matches of one strategy's cells, of the rounds that are recorded. */
export async function readMatchedRounds(cells: readonly CellRecord[]): Promise<MatchedRounds> {
  const rounds: MatchedRoundRecord[] = [];
  const faults: RoundFault[] = [];
  for (const cell of cells) {
    for (const record of cell.rounds.filter(isMatched)) {
      const read = await readRound(runPaths.matchedRound(cell.folder, record.round), record.round);
      if (read === null) faults.push({ seed: cell.seed, round: record.round });
      else rounds.push({ ...read, cell });
    }
  }
  return { rounds, faults };
}

/** The images of a round; null if a file of them is missing, damaged or of another number than its queries. */
export async function readMatchedImages({
  cell,
  round,
  queries,
}: MatchedRoundRecord): Promise<MatchedImages | null> {
  const synthesised = await readImages(runPaths.queryImages(cell.folder, round), queries.length);
  const matched = await readImages(runPaths.matchImages(cell.folder, round), queries.length);
  if (synthesised === null || matched === null) return null;
  if (synthesised.shape.join() !== matched.shape.join()) return null;
  return { shape: synthesised.shape, synthesised: synthesised.bytes, matched: matched.bytes };
}

/** What was left out, as a sentence; null if nothing was. */
export function faultsSentence(faults: readonly RoundFault[]): string | null {
  if (faults.length === 0) return null;
  const seeds = [...new Set(faults.map(({ seed }) => seed))].sort((a, b) => a - b);
  const places = seeds.map((seed) => {
    const rounds = new Set(faults.filter((fault) => fault.seed === seed).map(({ round }) => round));
    const sorted = [...rounds].sort((a, b) => a - b);
    return `round${sorted.length === 1 ? '' : 's'} ${list(sorted)} of seed ${seed}`;
  });
  return `Left out because a file of its matches is missing or damaged: ${places.join('; ')}.`;
}

async function readRound(file: string, round: number): Promise<ReportedRound | null> {
  if (!existsSync(file)) return null;
  const parsed = MatchedRoundFile.safeParse(jsonOf(await readFile(file, 'utf8')));
  if (!parsed.success) return null;
  const { queries, labels, readings } = parsed.data;
  const complete =
    parsed.data.round === round &&
    labels.length === queries.length &&
    // Without a reference nothing is read.
    (readings.length === queries.length || readings.length === 0);
  return complete ? parsed.data : null;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Torn; the caller says so of everything that is no round.
    return null;
  }
}

async function readImages(
  file: string,
  n: number,
): Promise<{ readonly shape: ImageShape; readonly bytes: Uint8Array } | null> {
  if (!existsSync(file)) return null;
  const array = npyOf(await readFile(file));
  if (array === null || array.dtype !== 'u1' || array.shape.length !== 4) return null;
  const [images, height, width, channels] = array.shape as [number, number, number, number];
  const bytes = array.data as Uint8Array;
  const fits = images === n && bytes.length === n * height * width * channels;
  return fits && (channels === 1 || channels === 3) ? { shape: [height, width, channels], bytes } : null;
}

function npyOf(bytes: Buffer): ReturnType<typeof parse> | null {
  try {
    return parse(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer);
  } catch {
    return null;
  }
}
