/**
 * The figures of a run: what each strategy reached on each seed, and how each two compare.
 */
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { writeFileAtomic } from '../atomic-write.ts';
import {
  areaUnderBudgetCurve,
  comparePairs,
  type Interval,
  interval95,
  mean,
  type PairComparison,
  type SeedScores,
  standardDeviation,
} from '../experiments/statistics.ts';
import type { CellRecord, CellStatus, RunRecord } from './run-record.ts';

/** A figure over seeds. The interval is Student's 95 % interval of the mean. */
export interface Summary {
  readonly n: number;
  readonly mean: number | null;
  readonly standardDeviation: number | null;
  readonly interval: Interval | null;
}

/** A round of a strategy over the seeds that reached it and did not fail. */
export interface CurvePoint extends Summary {
  readonly round: number;
  /** Mean over the seeds; seeds differ only where abstentions are free. */
  readonly labelsCharged: number;
}

export interface SeedResult {
  readonly seed: number;
  readonly status: CellStatus;
  /** Why it failed; null unless it did. */
  readonly error: string | null;
  /** Test accuracy of the last round; null unless the cell is finished. */
  readonly finalAccuracy: number | null;
  /** See `areaUnderBudgetCurve`, up to the largest budget any cell of the run spent; null unless finished. */
  readonly areaUnderBudgetCurve: number | null;
  readonly curve: readonly {
    readonly round: number;
    readonly labels: number;
    readonly labelsCharged: number;
    readonly testAccuracy: number;
  }[];
}

export interface StrategyResult {
  readonly name: string;
  readonly kind: string;
  /** Finished seeds: those the summaries and the comparisons rest on. */
  readonly n: number;
  readonly failedSeeds: readonly number[];
  readonly unfinishedSeeds: readonly number[];
  readonly initialAccuracy: Summary;
  readonly finalAccuracy: Summary;
  readonly areaUnderBudgetCurve: Summary;
  readonly curve: readonly CurvePoint[];
  readonly perSeed: readonly SeedResult[];
}

/** The content of `results.json`. The same rounds give the same bytes. */
export interface Results {
  readonly name: string;
  readonly dataset: string;
  readonly classNames: readonly string[];
  /** `failed` if every cell ended but not all of them well. */
  readonly status: CellStatus;
  readonly rounds: number;
  readonly batch: number;
  readonly seeds: readonly number[];
  readonly strategies: readonly StrategyResult[];
  /** Every two strategies, on the seeds both finished; p is corrected within each list. */
  readonly pairs: {
    readonly finalAccuracy: readonly PairComparison[];
    readonly areaUnderBudgetCurve: readonly PairComparison[];
  };
}

/** Computes the figures of a run. */
export function resultsOf(run: RunRecord): Results {
  const { config, strategies, cells } = run;
  const spent = cells.map((cell) => cell.rounds.at(-1)?.labelsCharged ?? 0);
  const results = strategies.map(({ name, kind }) =>
    strategyResult(
      name,
      kind,
      cells.filter((cell) => cell.strategy === name),
      Math.max(...spent),
    ),
  );
  const statuses = cells.map((cell) => cell.status);
  return {
    name: config.name,
    dataset: config.dataset.name ?? config.dataset.kind ?? 'data set',
    classNames: run.classNames,
    status: (['unfinished', 'failed'] as const).find((status) => statuses.includes(status)) ?? 'finished',
    rounds: config.rounds,
    batch: config.batch,
    seeds: config.seeds,
    strategies: results,
    pairs: {
      finalAccuracy: comparePairs(results.map((strategy) => scores(strategy, 'finalAccuracy'))),
      areaUnderBudgetCurve: comparePairs(results.map((strategy) => scores(strategy, 'areaUnderBudgetCurve'))),
    },
  };
}

/** Writes `results.json` and `results.csv` into a folder, made if need be. */
export async function writeResults(folder: string, run: RunRecord, results: Results): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFileAtomic(path.join(folder, 'results.json'), `${JSON.stringify(results, null, 2)}\n`);
  await writeFileAtomic(path.join(folder, 'results.csv'), resultsCsv(run));
}

const CSV_HEADER = [
  'strategy',
  'seed',
  'status',
  'round',
  'labels',
  'labelsCharged',
  'testAccuracy',
  'queries',
  'abstentions',
];

/**
 * One line a strategy, seed and round, as RFC 4180. A cell without any round keeps one line with its status and
 * nothing after it.
 */
export function resultsCsv({ cells }: Pick<RunRecord, 'cells'>): string {
  const lines = cells.flatMap(({ strategy, seed, status, rounds }) =>
    rounds.length === 0
      ? [[strategy, seed, status, '', '', '', '', '', '']]
      : rounds.map(({ round, labels, labelsCharged, testAccuracy, answers }) => [
          strategy,
          seed,
          status,
          round,
          labels,
          labelsCharged,
          testAccuracy,
          answers.length,
          answers.filter(({ label }) => label === null).length,
        ]),
  );
  return [CSV_HEADER, ...lines].map((line) => `${line.map(csvField).join(',')}\n`).join('');
}

/** Mean, deviation and interval of what is there. */
export function summarise(values: readonly number[]): Summary {
  return {
    n: values.length,
    mean: mean(values),
    standardDeviation: standardDeviation(values),
    interval: interval95(values),
  };
}

function strategyResult(
  name: string,
  kind: string,
  cells: readonly CellRecord[],
  budget: number,
): StrategyResult {
  const perSeed = cells.map((cell) => seedResult(cell, budget));
  const finished = perSeed.filter((seed) => seed.status === 'finished');
  const seedsOf = (status: CellStatus) =>
    perSeed.filter((seed) => seed.status === status).map(({ seed }) => seed);
  const present = (pick: (seed: SeedResult) => number | null | undefined) =>
    summarise(finished.flatMap((seed) => pick(seed) ?? []));
  return {
    name,
    kind,
    n: finished.length,
    failedSeeds: seedsOf('failed'),
    unfinishedSeeds: seedsOf('unfinished'),
    initialAccuracy: present((seed) => seed.curve[0]?.testAccuracy),
    finalAccuracy: present((seed) => seed.finalAccuracy),
    areaUnderBudgetCurve: present((seed) => seed.areaUnderBudgetCurve),
    curve: meanCurve(perSeed.filter((seed) => seed.status !== 'failed')),
    perSeed,
  };
}

function seedResult({ seed, status, error, rounds }: CellRecord, budget: number): SeedResult {
  const curve = rounds.map(({ round, labels, labelsCharged, testAccuracy }) => ({
    round,
    labels,
    labelsCharged,
    testAccuracy,
  }));
  const finished = status === 'finished';
  return {
    seed,
    status,
    error,
    finalAccuracy: finished ? (curve.at(-1)?.testAccuracy ?? null) : null,
    areaUnderBudgetCurve: finished ? areaUnderBudgetCurve(curve, budget) : null,
    curve,
  };
}

function meanCurve(seeds: readonly SeedResult[]): CurvePoint[] {
  const longest = Math.max(0, ...seeds.map(({ curve }) => curve.length));
  return Array.from({ length: longest }, (_, round) => {
    const points = seeds.flatMap(({ curve }) => curve[round] ?? []);
    return {
      round,
      labelsCharged: mean(points.map((point) => point.labelsCharged)) as number,
      ...summarise(points.map((point) => point.testAccuracy)),
    };
  });
}

function scores(
  { name, perSeed }: StrategyResult,
  figure: 'finalAccuracy' | 'areaUnderBudgetCurve',
): SeedScores {
  const known = perSeed.flatMap((seed): [number, number][] => {
    const value = seed[figure];
    return value === null ? [] : [[seed.seed, value]];
  });
  return { strategy: name, scores: new Map(known) };
}

function csvField(value: string | number): string {
  const text = `${value}`;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
