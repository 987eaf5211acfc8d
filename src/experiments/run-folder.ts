/**
 * Where everything of a run lies on disk, and how a cell's record is read back after a crash.
 */
import { existsSync } from 'node:fs';
import { mkdir, readFile, truncate } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { dump, parse } from 'npyjs';
import type { RoundRecord } from '../acquisition/round-record.ts';
import { writeFileAtomic } from '../atomic-write.ts';
import type { ImageShape } from '../datasets/dataset.ts';

export const runPaths = {
  config: (run: string) => join(run, 'config.json'),
  manifest: (run: string) => join(run, 'manifest.json'),
  lock: (run: string) => join(run, '.lock'),
  reference: (run: string) => join(run, 'reference'),
  pretraining: (run: string, seed: number) => join(run, 'pretraining', `seed-${seed}`),
  generator: (run: string, name: string, seed: number | null) =>
    join(run, 'generators', name, seed === null ? 'shared' : `seed-${seed}`),
  matcher: (run: string, name: string, seed: number | null) =>
    join(run, 'matching', name, seed === null ? 'shared' : `seed-${seed}`),
  cell: (run: string, strategy: string, seed: number) => join(run, 'cells', strategy, `seed-${seed}`),
  rounds: (cell: string) => join(cell, 'rounds.jsonl'),
  timings: (cell: string) => join(cell, 'timings.jsonl'),
  error: (cell: string) => join(cell, 'error.json'),
  queryGrid: (cell: string, round: number) => join(cell, 'queries', `round-${round}.png`),
  queryImages: (cell: string, round: number) => join(cell, 'queries', `round-${round}.npy`),
  matchImages: (cell: string, round: number) => join(cell, 'queries', `round-${round}-matches.npy`),
  matchedRound: (cell: string, round: number) => join(cell, 'queries', `round-${round}.json`),
  extraImages: (cell: string, round: number) => join(cell, 'queries', `round-${round}-extra.npy`),
  extraGrid: (cell: string, round: number) => join(cell, 'queries', `round-${round}-extra.png`),
  reconstructionGrid: (cell: string, round: number) =>
    join(cell, 'queries', `round-${round}-reconstructions.png`),
  report: (run: string) => join(run, 'report', 'index.html'),
};

/** What the reference classifier is worth, measured on real test images it was not trained on. */
export interface ReferenceQuality {
  /** Share of the experiment's test images read rightly among those it reads, in [0, 1]. */
  readonly testAccuracy: number;
  /** Share of the experiment's test images on which it abstains, in [0, 1]. */
  readonly testAbstentions: number;
  readonly testImages: number;
  readonly trainImages: number;
  readonly trainClasses: number;
  readonly minConfidence: number;
}

/** What the data set turned out to be. */
export interface DataFacts {
  /** Names of the classes that answers refer to. */
  readonly classNames: readonly string[];
  readonly trainImages: number;
  readonly testImages: number;
  /** Of all images and labels, train before test. */
  readonly dataSha256: string;
  /** What is missing from it or was left out, a sentence each. */
  readonly dataNotes: readonly string[];
}

/** On what a run's numbers were made. */
export interface Manifest extends DataFacts {
  readonly genal: string;
  readonly node: string;
  readonly tensorflow: string;
  readonly backend: string;
  readonly backendDetail: string;
  readonly machine: {
    readonly platform: string;
    readonly cpu: string;
    readonly cores: number;
    readonly memoryBytes: number;
  };
  readonly gitCommit: string | null;
  /** The folder of data sets the user named, for a later resume. */
  readonly dataDir: string | null;
  readonly started: string;
  readonly finished: string | null;
  readonly status: 'running' | 'finished' | 'interrupted' | 'failed';
  readonly oracle: ReferenceQuality | null;
}

/**
 * The finished rounds of a cell, in order from round 0. A torn last line, which a crash may leave, is cut off.
 * Error if the lines are not the rounds 0, 1, 2, ...
 */
export async function readFinishedRounds(cell: string): Promise<RoundRecord[]> {
  const records = await readLines<RoundRecord>(runPaths.rounds(cell));
  records.forEach((record, position) => {
    if (record?.round !== position) {
      throw new Error(
        `${runPaths.rounds(cell)}: expected round ${position} in line ${position + 1}, got ${record?.round}`,
      );
    }
  });
  return records;
}

/** The whole lines of a JSONL file that is appended to; a torn last line is cut off the file. */
export async function readLines<Line>(file: string): Promise<Line[]> {
  if (!existsSync(file)) return [];
  const text = await readFile(file, 'utf8');
  const whole = text.slice(0, text.lastIndexOf('\n') + 1);
  if (whole.length < text.length) await truncate(file, Buffer.byteLength(whole));
  return whole
    .split('\n')
    .filter((line) => line !== '')
    .map((line, position) => {
      try {
        return JSON.parse(line) as Line;
      } catch (error) {
        throw new Error(`${file}: expected JSON in line ${position + 1}, got ${(error as Error).message}`);
      }
    });
}

/** Writes images as a uint8 `.npy` array `[n, height, width, channels]`; makes the folder if need be. */
export async function writeImagesNpy(file: string, images: Uint8Array, shape: ImageShape): Promise<void> {
  const n = images.length / (shape[0] * shape[1] * shape[2]);
  await mkdir(dirname(file), { recursive: true });
  await writeFileAtomic(file, Buffer.from(dump(images, [n, ...shape])));
}

/** The bytes of a uint8 `.npy` array of images. Error if it holds another shape or type. */
export async function readImagesNpy(file: string, shape: ImageShape): Promise<Uint8Array> {
  const bytes = await readFile(file);
  const array = parse(
    bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer,
  );
  if (array.dtype !== 'u1' || array.shape.slice(1).join() !== shape.join()) {
    throw new Error(
      `${file}: expected uint8 images [n, ${shape.join(', ')}], got ${array.dtype} [${array.shape.join(', ')}]`,
    );
  }
  return array.data as Uint8Array;
}
