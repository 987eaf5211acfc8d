/**
 * Strategies of one or several runs side by side: what `genal compare` says, as data.
 */
import { realpathSync } from 'node:fs';
import path from 'node:path';
import { ConfigError } from '../experiments/config-error.ts';
import { type Difference, differencesBetween } from '../experiments/fairness.ts';
import type { StrategyCurves } from '../experiments/statistics/budget-curve.ts';
import { type LabelsNeeded, labelsNeeded } from '../experiments/statistics/labels-needed.ts';
import {
  type PenaltyMatrix,
  penaltyBudgets,
  penaltyMatrix,
} from '../experiments/statistics/penalty-matrix.ts';
import { type PairComparison, paid } from '../experiments/statistics.ts';
import { type PairPower, pairPowers } from './compare-power.ts';
import { list } from './number-format.ts';
import { endingSentences } from './oracle-words.ts';
import { amount, budgetOf } from './paid-words.ts';
import { hasCosts, inOneUnit, type Results, resultsOf, type StrategyResult } from './results.ts';
import { type CellRecord, type RunRecord, readRun } from './run-record.ts';

/** A run that takes part. */
export interface ComparedRunFacts {
  readonly dir: string;
  /** What its strategies are prefixed with where two runs have one of the same name. */
  readonly label: string;
  readonly name: string;
  readonly backend: string | null;
  readonly genal: string | null;
  readonly dataSha256: string | null;
  readonly seeds: readonly number[];
  readonly rounds: number;
}

/** Other strategies a strategy is significantly better than, not distinguished from, and worse than. */
export interface AgainstOthers {
  readonly strategy: string;
  readonly wins: number;
  readonly ties: number;
  readonly losses: number;
}

const UNPAID = { labelsCharged: 0 };

/** What `genal compare --json` prints. */
export interface Comparison {
  readonly runs: readonly ComparedRunFacts[];
  /** Whether nothing but the strategies differs in a way that matters. */
  readonly fair: boolean;
  readonly differences: readonly Difference[];
  /** What of the runs was not compared, in sentences. */
  readonly leftOut: readonly string[];
  /** Which cells ended before their last round, and why, in sentences. */
  readonly endings: readonly string[];
  /** What is paid, in `results.paidIn`, when final accuracies are compared. */
  readonly labels: number;
  /** As `results.json` of a run, over all runs. */
  readonly results: Results;
  /** By the verdicts on final accuracy; pairs without one are not counted. */
  readonly againstOthers: readonly AgainstOthers[];
  /** Accuracy that `labelsNeeded` is about; null if no strategy finished a seed. */
  readonly target: number | null;
  readonly labelsNeeded: readonly ({ readonly strategy: string } & LabelsNeeded)[];
  readonly penaltyMatrix: PenaltyMatrix;
  /** About final accuracy, in the order of its pairs. */
  readonly power: readonly PairPower[];
}

export interface CompareOptions {
  /**
   * Accuracy in (0, 1] of the question how many labels it takes; random sampling's final mean if left out, and without
   * random sampling the lowest final mean there is.
   */
  readonly target?: number | undefined;
}

/**
 * Reads run folders and compares their strategies, on the seeds all runs have and up to the labels all runs planned
 * to pay for. Whether that is fair is in the answer.
 *
 * ConfigError naming the folder for one given twice; Error naming the folder or file for one that is no run folder.
 */
export async function compareRuns(
  dirs: readonly string[],
  options: CompareOptions = {},
): Promise<Comparison> {
  const runs: RunRecord[] = [];
  for (const dir of dirs) runs.push(await readRun(dir));
  const real = dirs.map((dir) => realpathSync(dir));
  const twice = dirs.find((_, position) => real.indexOf(real[position] as string) !== position);
  if (twice !== undefined)
    throw new ConfigError(`${twice}: expected different run folders, got this one twice`);
  return comparisonOf(runs, options);
}

/** The same for runs that have been read; there is at least one. */
export function comparisonOf(anyRuns: readonly RunRecord[], { target }: CompareOptions = {}): Comparison {
  const runs = inOneUnit(anyRuns);
  const labels = labelsOf(runs);
  const prefix = prefixes(runs, labels);
  const budgets = runs.map(plannedBudget);
  const budget = Math.min(...budgets);
  const shared = sharedSeeds(runs);
  // Without a seed in common there is nothing to pair, and every run is shown as it is.
  const seeds = shared.length > 0 ? shared : [...new Set(runs.flatMap(({ config }) => config.seeds))];
  const differences = differencesBetween(runs);
  const run = joined(runs, prefix, seeds, budget);
  const results = resultsOf(run);
  const curves = results.strategies.map(curvesOf);
  const baseline = results.strategies.find(({ kind, n }) => kind === 'random' && n > 0);
  const ends = results.strategies.flatMap(({ finalAccuracy }) => finalAccuracy.mean ?? []);
  const reach = target ?? baseline?.finalAccuracy.mean ?? (ends.length > 0 ? Math.min(...ends) : null);
  const first = runs[0] as RunRecord;
  return {
    runs: runs.map((run, position) => factsOf(run, labels[position] as string)),
    fair: differences.every(({ severity }) => severity !== 'unfair'),
    differences,
    leftOut: [...seedsLeftOut(runs, seeds), ...roundsLeftOut(runs, budgets, budget, results.paidIn)],
    endings: endingSentences(run),
    labels: budget,
    results,
    againstOthers: results.strategies.map(({ name }) => againstOthers(name, results.pairs.finalAccuracy)),
    target: reach,
    labelsNeeded:
      reach === null
        ? []
        : curves.map(({ strategy, curves: bySeed }) => ({ strategy, ...labelsNeeded(bySeed, reach) })),
    penaltyMatrix: penaltyMatrix(
      curves,
      penaltyBudgets(curves, {
        ...firstBudgets(first),
        final: budget,
        baseline: baseline?.name,
      }),
    ),
    power: pairPowers(results.pairs.finalAccuracy),
  };
}

/** Each run's config name if no other has it, else its folder's name, else its folder as it was given. */
function labelsOf(runs: readonly RunRecord[]): string[] {
  const candidates = [
    runs.map(({ config }) => config.name),
    runs.map(({ dir }) => path.basename(path.resolve(dir))),
  ];
  return candidates.find((names) => new Set(names).size === names.length) ?? runs.map(({ dir }) => dir);
}

/** Gives a strategy the name it has in the comparison. */
function prefixes(
  runs: readonly RunRecord[],
  labels: readonly string[],
): (run: RunRecord, strategy: string) => string {
  const names = runs.flatMap(({ strategies }) => strategies.map(({ name }) => name));
  return (run, strategy) =>
    names.filter((name) => name === strategy).length > 1
      ? `${labels[runs.indexOf(run)]}/${strategy}`
      : strategy;
}

/** All runs as one, cut to common seeds and labels. */
function joined(
  runs: readonly RunRecord[],
  nameOf: (run: RunRecord, strategy: string) => string,
  seeds: readonly number[],
  budget: number,
): RunRecord {
  const first = runs[0] as RunRecord;
  return {
    ...first,
    config: {
      ...first.config,
      name: list([...new Set(runs.map(({ config }) => config.name))]),
      seeds: [...seeds],
      rounds: Math.min(...runs.map(({ config }) => config.rounds)),
    },
    strategies: runs.flatMap((run) =>
      run.strategies.map(({ name, kind }) => ({ name: nameOf(run, name), kind })),
    ),
    cells: runs.flatMap((run) =>
      run.cells
        .filter(({ seed }) => seeds.includes(seed))
        .map((cell) => ({ ...cutCell(cell, budget), strategy: nameOf(run, cell.strategy) })),
    ),
  };
}

/** A cell up to a budget. One that went on beyond it has finished what is compared; one that failed has failed. */
function cutCell(cell: CellRecord, budget: number): CellRecord {
  const isThere = paid(cell.rounds.at(-1) ?? UNPAID) >= budget;
  return {
    ...cell,
    status: cell.status === 'unfinished' && isThere ? 'finished' : cell.status,
    rounds: cell.rounds.filter((record) => paid(record) <= budget),
  };
}

/** What every cell of a run may pay: labels, or where they have costs the budget or else the most that a cell paid. */
function plannedBudget(run: RunRecord): number {
  const { config, cells } = run;
  if (!hasCosts(cells)) return initialLabels(run) + config.batch * config.rounds;
  return config.budget?.cost ?? Math.max(...cells.map(({ rounds }) => paid(rounds.at(-1) ?? UNPAID)));
}

/** Where the first round's budget lies and how far the next is. Of costs, which differ, the highest start and a mean round. */
function firstBudgets(run: RunRecord): { initial: number; batch: number } {
  const { config, cells } = run;
  if (!hasCosts(cells)) return { initial: initialLabels(run), batch: config.batch };
  const initial = Math.max(...cells.map(({ rounds }) => paid(rounds[0] ?? UNPAID)));
  return { initial, batch: Math.max(1e-9, plannedBudget(run) - initial) / config.rounds };
}

function initialLabels({ config, cells }: RunRecord): number {
  return config.initial?.size ?? cells.flatMap(({ rounds }) => rounds[0]?.labelsCharged ?? [])[0] ?? 0;
}

function sharedSeeds(runs: readonly RunRecord[]): number[] {
  const [first, ...others] = runs.map(({ config }) => config.seeds);
  return (first ?? []).filter((seed) => others.every((seeds) => seeds.includes(seed)));
}

function seedsLeftOut(runs: readonly RunRecord[], seeds: readonly number[]): string[] {
  return runs.flatMap(({ dir, config }) => {
    const out = config.seeds.filter((seed) => !seeds.includes(seed));
    if (out.length === 0) return [];
    const [noun, verb] = out.length === 1 ? ['seed', 'is'] : ['seeds', 'are'];
    return [`${dir}: ${noun} ${list(out)} ${verb} left out, which not all runs have.`];
  });
}

function roundsLeftOut(
  runs: readonly RunRecord[],
  budgets: readonly number[],
  budget: number,
  paidIn: Results['paidIn'],
): string[] {
  return runs.flatMap(({ dir }, position) =>
    budgets[position] === budget
      ? []
      : [`${dir}: rounds beyond ${budgetOf(paidIn, amount(budget))} are left out, where not all runs go on.`],
  );
}

function curvesOf({ name, perSeed }: StrategyResult): StrategyCurves {
  const finished = perSeed.filter(({ status }) => status === 'finished');
  return { strategy: name, curves: new Map(finished.map(({ seed, curve }) => [seed, curve])) };
}

function againstOthers(strategy: string, pairs: readonly PairComparison[]): AgainstOthers {
  const own = pairs.filter(({ a, b }) => a === strategy || b === strategy);
  const isWin = ({ a, verdict }: PairComparison) => verdict === (a === strategy ? 'A better' : 'B better');
  const isLoss = ({ a, verdict }: PairComparison) => verdict === (a === strategy ? 'B better' : 'A better');
  return {
    strategy,
    wins: own.filter(isWin).length,
    ties: own.filter(({ verdict }) => verdict === 'not significant').length,
    losses: own.filter(isLoss).length,
  };
}

function factsOf({ dir, config, manifest }: RunRecord, label: string): ComparedRunFacts {
  const text = (key: string) => {
    const value = manifest?.[key];
    return typeof value === 'string' ? value : null;
  };
  return {
    dir,
    label,
    name: config.name,
    backend: text('backend'),
    genal: text('genal'),
    dataSha256: text('dataSha256'),
    seeds: config.seeds,
    rounds: config.rounds,
  };
}
