/**
 * The figures of a run: what each strategy reached on each seed, and how each two compare.
 */
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import type { EndReason } from '../acquisition/round-record.ts';
import { writeFileAtomic } from '../atomic-write.ts';
import {
  areaUnderBudgetCurve,
  comparePairs,
  type Interval,
  interval95,
  mean,
  type PairComparison,
  paid,
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
  /** Mean over the seeds; seeds differ where abstentions are free, and where cells ended early. */
  readonly labelsCharged: number;
  /** Mean over the seeds, where answers have prices. */
  readonly cost?: number;
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
    readonly cost?: number;
    readonly testAccuracy: number;
  }[];
  /** Why it ended before its last round; absent if it did not. */
  readonly ended?: EndReason;
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
  /** What budgets are counted in: `cost` if every round of every cell has one. */
  readonly paidIn: 'labels' | 'cost';
  readonly strategies: readonly StrategyResult[];
  /** Every two strategies, on the seeds both finished; p is corrected within each list. */
  readonly pairs: {
    readonly finalAccuracy: readonly PairComparison[];
    readonly areaUnderBudgetCurve: readonly PairComparison[];
  };
}

/** Computes the figures of a run. */
export function resultsOf(run: RunRecord): Results {
  const { config, strategies } = run;
  const cells = inOneUnit([run]).flatMap((same) => same.cells);
  const paidIn = hasCosts(cells) ? 'cost' : 'labels';
  const spent = cells.map(({ rounds }) => paid(rounds.at(-1) ?? { labelsCharged: 0 }));
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
    paidIn,
    strategies: results,
    pairs: {
      finalAccuracy: comparePairs(results.map((strategy) => scores(strategy, 'finalAccuracy'))),
      areaUnderBudgetCurve: comparePairs(results.map((strategy) => scores(strategy, 'areaUnderBudgetCurve'))),
    },
  };
}

/** Whether every round that is there has a cost, and one is there. */
export function hasCosts(cells: readonly Pick<CellRecord, 'rounds'>[]): boolean {
  const rounds = cells.flatMap((cell) => cell.rounds);
  return rounds.length > 0 && rounds.every(({ cost }) => cost !== undefined);
}

/** The runs as they are if all have costs, and else without any, so that budgets are of one unit. */
export function inOneUnit(runs: readonly RunRecord[]): readonly RunRecord[] {
  if (hasCosts(runs.flatMap(({ cells }) => cells))) return runs;
  return runs.map((run) => ({
    ...run,
    cells: run.cells.map((cell) => ({
      ...cell,
      rounds: cell.rounds.map(({ cost: _, ...record }) => record),
    })),
  }));
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
 * nothing after it. The column `cost` comes last, and only where a round has one.
 */
export function resultsCsv({ cells }: Pick<RunRecord, 'cells'>): string {
  const priced = cells.some(({ rounds }) => rounds.some(({ cost }) => cost !== undefined));
  const ifPriced = (value: string | number) => (priced ? [value] : []);
  const lines = cells.flatMap(({ strategy, seed, status, rounds }) =>
    rounds.length === 0
      ? [[strategy, seed, status, '', '', '', '', '', '', ...ifPriced('')]]
      : rounds.map(({ round, labels, labelsCharged, testAccuracy, answers, cost }) => [
          strategy,
          seed,
          status,
          round,
          labels,
          labelsCharged,
          testAccuracy,
          answers.length,
          answers.filter(({ label }) => label === null).length,
          ...ifPriced(cost ?? ''),
        ]),
  );
  return [[...CSV_HEADER, ...ifPriced('cost')], ...lines]
    .map((line) => `${line.map(csvField).join(',')}\n`)
    .join('');
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
  const curve = rounds.map(({ round, labels, labelsCharged, cost, testAccuracy }) => ({
    round,
    labels,
    labelsCharged,
    ...(cost !== undefined && { cost }),
    testAccuracy,
  }));
  const ended = rounds.at(-1)?.ended;
  const finished = status === 'finished';
  return {
    seed,
    status,
    error,
    finalAccuracy: finished ? (curve.at(-1)?.testAccuracy ?? null) : null,
    areaUnderBudgetCurve: finished ? areaUnderBudgetCurve(curve, budget) : null,
    curve,
    ...(ended && { ended }),
  };
}

/** Round by round: what was paid on average, and the accuracy there. A finished cell stays where it ended. */
function meanCurve(seeds: readonly SeedResult[]): CurvePoint[] {
  const longest = Math.max(0, ...seeds.map(({ curve }) => curve.length));
  return Array.from({ length: longest }, (_, round) => {
    const points = seeds.flatMap(
      ({ status, curve }) => curve[round] ?? (status === 'finished' ? curve.at(-1) : undefined) ?? [],
    );
    const costs = points.flatMap(({ cost }) => cost ?? []);
    return {
      round,
      labelsCharged: mean(points.map((point) => point.labelsCharged)) as number,
      ...(costs.length > 0 && { cost: mean(costs) as number }),
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
