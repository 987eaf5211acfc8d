/**
 * Reads a run folder as it is, finished or not, without changing a byte of it.
 */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { isCellFinished, type RoundRecord, type TimingRecord } from '../acquisition/round-record.ts';
import { runPaths } from '../experiments/run-folder.ts';

const RunConfigFile = z.looseObject({
  name: z.string(),
  dataset: z.looseObject({
    name: z.string().optional(),
    kind: z.string().optional(),
    classes: z.array(z.union([z.number(), z.string()])).optional(),
  }),
  batch: z.number(),
  rounds: z.number(),
  seeds: z.array(z.number()).min(1),
  strategies: z.array(z.looseObject({ kind: z.string(), name: z.string().optional() })).min(1),
  initial: z.looseObject({ size: z.number() }).optional(),
  classifier: z.looseObject({ kind: z.string() }).optional(),
  oracle: z
    .looseObject({
      noise: z.number().optional(),
      confusion: z.array(z.array(z.number())).optional(),
      abstain: z.union([z.number(), z.array(z.number())]).optional(),
      cost: z.union([z.number(), z.array(z.number())]).optional(),
    })
    .optional(),
  budget: z.looseObject({ cost: z.number() }).optional(),
});

const ManifestFile = z.looseObject({
  status: z.string().optional(),
  started: z.string().nullish(),
  finished: z.string().nullish(),
  classNames: z.array(z.string()).optional(),
  oracle: z
    .looseObject({
      testAccuracy: z.number(),
      testAbstentions: z.number().optional(),
      testImages: z.number().optional(),
      trainImages: z.number().optional(),
      trainClasses: z.number().optional(),
      minConfidence: z.number().optional(),
    })
    .nullish(),
});

/** What of `config.json` a report relies on; every other key is kept as it stands. */
export type RunConfig = z.output<typeof RunConfigFile>;
/** What of `manifest.json` a report relies on; every other key is kept as it stands. */
export type RunManifest = z.output<typeof ManifestFile>;

export type CellStatus = 'finished' | 'unfinished' | 'failed';

/** One strategy on one seed. */
export interface CellRecord {
  readonly strategy: string;
  readonly seed: number;
  readonly status: CellStatus;
  /** Why it failed; null unless it did. */
  readonly error: string | null;
  readonly folder: string;
  /** Rounds 0, 1, ... as far as they are written. */
  readonly rounds: readonly RoundRecord[];
  readonly timings: readonly TimingRecord[];
}

export interface RunRecord {
  readonly dir: string;
  readonly config: RunConfig;
  readonly manifest: RunManifest | null;
  /** In the config's order, `name` being the kind where none is given. */
  readonly strategies: readonly { readonly name: string; readonly kind: string }[];
  /** Names of the classes answers refer to; empty where the folder does not say. */
  readonly classNames: readonly string[];
  /** Every cell of the config, strategy by strategy, seed by seed, whether it was begun or not. */
  readonly cells: readonly CellRecord[];
}

/**
 * Reads `config.json`, `manifest.json` and every cell.
 *
 * A last line without its end, which a crash or a run in progress leaves, is not read. Error naming the file
 * if one cannot be understood.
 */
export async function readRun(dir: string): Promise<RunRecord> {
  const config = await readJson(runPaths.config(dir), RunConfigFile);
  if (config === null) throw new Error(`${dir}: expected a run folder with a config.json, found none`);
  const manifest = await readJson(runPaths.manifest(dir), ManifestFile);
  const strategies = config.strategies.map(({ name, kind }) => ({ name: name ?? kind, kind }));
  const cells: CellRecord[] = [];
  for (const { name } of strategies) {
    for (const seed of config.seeds) cells.push(await readCell(dir, name, seed, config.rounds));
  }
  const classNames = manifest?.classNames ?? config.dataset.classes?.map(String) ?? [];
  return { dir, config, manifest, strategies, classNames, cells };
}

/** The name of a class, or its number where the run folder names none. */
export function className({ classNames }: Pick<RunRecord, 'classNames'>, label: number): string {
  return classNames[label] ?? `class ${label}`;
}

async function readCell(dir: string, strategy: string, seed: number, rounds: number): Promise<CellRecord> {
  const folder = runPaths.cell(dir, strategy, seed);
  const records = await readLines<RoundRecord>(runPaths.rounds(folder));
  records.forEach(({ round }, position) => {
    if (round !== position) {
      throw new Error(
        `${runPaths.rounds(folder)}: expected round ${position} in line ${position + 1}, got ${round}`,
      );
    }
  });
  const error = await readError(runPaths.error(folder));
  const ended = isCellFinished(records, rounds) ? 'finished' : 'unfinished';
  return {
    strategy,
    seed,
    status: error === null ? ended : 'failed',
    error,
    folder,
    rounds: records,
    timings: await readLines<TimingRecord>(runPaths.timings(folder)),
  };
}

/** The first line of a failure; null if there is none. */
async function readError(file: string): Promise<string | null> {
  const failure = await readJson(file, z.looseObject({ message: z.string().optional() }));
  return failure === null ? null : ((failure.message ?? 'no message').split('\n')[0] ?? '');
}

async function readJson<T>(file: string, schema: z.ZodType<T>): Promise<T | null> {
  if (!existsSync(file)) return null;
  const parsed = schema.safeParse(parseJson(file, await readFile(file, 'utf8')));
  if (!parsed.success) throw new Error(`${file}: ${z.prettifyError(parsed.error)}`);
  return parsed.data;
}

/** The whole lines of a JSONL file; none if there is no file. */
export async function readLines<Line>(file: string): Promise<Line[]> {
  if (!existsSync(file)) return [];
  const text = await readFile(file, 'utf8');
  return text
    .slice(0, text.lastIndexOf('\n') + 1)
    .split('\n')
    .flatMap((line) => (line.trim() === '' ? [] : [parseJson(file, line) as Line]));
}

function parseJson(file: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Error(`${file}: ${(error as Error).message}`);
  }
}
