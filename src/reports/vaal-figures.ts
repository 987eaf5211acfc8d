/**
 * What strategies with a discriminator tell of their rounds, read from the records and gathered over rounds and seeds.
 * Records of older versions lack some of it.
 */
import type { Diagnostic } from '../acquisition/strategy.ts';
import { mean } from '../experiments/statistics.ts';
import type { CellRecord } from './run-record.ts';
import type { ChartPoint } from './small-charts.ts';
import { type RoundFigures, type WhyRandom, whyRandom } from './why-random.ts';

type Record = CellRecord['rounds'][number];

/** Figures of a round that the section on discriminators shows, so that they need no chart elsewhere. */
export const VAAL_FIGURES: ReadonlySet<string> = new Set([
  'discriminatorAuc',
  'discriminatorLoss',
  'cannotTellApart',
  'divergencePerUnit',
  'activeUnits',
  'scoreQuantiles',
  'scoreHistogram',
  'scoreHistogramLabelled',
  'scoreHistogramSelected',
  'saturatedShare',
  'tiedShare',
  'overlapRandom',
  'overlapEntropy',
  'overlapChance',
]);

/** Whether a round bought what a discriminator found least labelled. */
export function isVaal({ diagnostics }: Pick<Record, 'diagnostics'>): boolean {
  return 'discriminatorAuc' in diagnostics;
}

/** Means over all rounds and seeds of a strategy; null where no round tells. */
export interface VaalFigures {
  readonly strategy: string;
  readonly rounds: number;
  readonly seeds: number;
  readonly latentSize: number | null;
  readonly auc: number | null;
  /** In nats. */
  readonly loss: number | null;
  readonly activeUnits: number | null;
  readonly divergence: number | null;
  /** Share of held-out labelled images that a semi-supervised model of the strategy's own reads rightly. */
  readonly classifierAccuracy: number | null;
  readonly saturatedShare: number | null;
  readonly tiedShare: number | null;
  readonly overlapRandom: number | null;
  readonly overlapEntropy: number | null;
  readonly overlapChance: number | null;
  /** Different classes among the answers of a round. */
  readonly classes: number | null;
  /** Share of a round's answers that its most frequent class has. */
  readonly largestClass: number | null;
  /** A round's time for figures alone, and for everything else that the strategy does, in milliseconds. */
  readonly diagnosticsMs: number | null;
  readonly selectMs: number | null;
  readonly why: WhyRandom;
}

/** The figures of one strategy's cells; every round counts alike. */
export function vaalFigures(strategy: string, cells: readonly CellRecord[]): VaalFigures {
  const rounds = cells.flatMap((cell) => cell.rounds.filter(isVaal));
  const of = (key: string) => mean(rounds.flatMap(({ diagnostics }) => numberOf(diagnostics[key]) ?? []));
  const told = rounds.map(roundFigures);
  const classes = rounds.flatMap((round) => classCounts(round) ?? []);
  const timings = cells.flatMap(({ timings: own }) => own.slice(1));
  return {
    strategy,
    rounds: rounds.length,
    seeds: cells.filter((cell) => cell.rounds.some(isVaal)).length,
    latentSize: told.find(({ latentSize }) => latentSize !== null)?.latentSize ?? null,
    auc: of('discriminatorAuc'),
    loss: of('discriminatorLoss'),
    activeUnits: of('activeUnits'),
    divergence: of('divergence'),
    classifierAccuracy: of('classifierAccuracy'),
    saturatedShare: of('saturatedShare'),
    tiedShare: of('tiedShare'),
    overlapRandom: of('overlapRandom'),
    overlapEntropy: of('overlapEntropy'),
    overlapChance: of('overlapChance'),
    classes: mean(classes.map(({ different }) => different)),
    largestClass: mean(classes.map(({ largest }) => largest)),
    diagnosticsMs: mean(timings.flatMap(({ diagnosticsMs }) => diagnosticsMs ?? [])),
    selectMs: mean(timings.map(({ generateMs, matchMs, scoreMs }) => generateMs + matchMs + scoreMs)),
    why: whyRandom(told),
  };
}

/** What a round tells of the causes of chance. */
export function roundFigures({ diagnostics }: Pick<Record, 'diagnostics'>): RoundFigures {
  const { divergencePerUnit } = diagnostics;
  return {
    latentSize: Array.isArray(divergencePerUnit) ? divergencePerUnit.length : null,
    activeUnits: numberOf(diagnostics.activeUnits),
    divergence: numberOf(diagnostics.divergence),
    saturatedShare: numberOf(diagnostics.saturatedShare),
    tiedShare: numberOf(diagnostics.tiedShare),
  };
}

/** A figure over rounds: the mean over seeds, and each seed. */
export interface RoundSeries {
  readonly mean: readonly ChartPoint[];
  readonly perSeed: readonly (readonly ChartPoint[])[];
}

/** The series of a figure, by round; null if no round tells it. */
export function seriesOver(cells: readonly CellRecord[], key: string): RoundSeries | null {
  const perSeed = cells
    .map(({ rounds }) =>
      rounds.filter(isVaal).map(({ round, diagnostics }) => ({ x: round, y: numberOf(diagnostics[key]) })),
    )
    .filter((line) => line.some(({ y }) => y !== null));
  if (perSeed.length === 0) return null;
  const rounds = [...new Set(perSeed.flatMap((line) => line.map(({ x }) => x)))].sort((a, b) => a - b);
  const at = (round: number) => perSeed.flatMap((line) => line.find(({ x }) => x === round)?.y ?? []);
  return { perSeed, mean: rounds.map((x) => ({ x, y: mean(at(x)) })) };
}

/** The last round that a strategy's cells tell of, from all seeds that reached it; undefined if there is none. */
export function lastRound(
  cells: readonly CellRecord[],
): { readonly round: number; readonly records: readonly Record[] } | undefined {
  const told = cells.flatMap(({ rounds }) => rounds.filter(isVaal));
  if (told.length === 0) return undefined;
  const round = Math.max(...told.map((record) => record.round));
  return { round, records: told.filter((record) => record.round === round) };
}

/** The entries' means of a list that records tell, such as a histogram; null if none tells it. */
export function meanList(
  records: readonly Pick<Record, 'diagnostics'>[],
  key: string,
  change: (values: number[]) => number[] = (values) => values,
): number[] | null {
  const lists = records.flatMap(({ diagnostics }) => {
    const value: unknown = diagnostics[key];
    return Array.isArray(value) && value.every((entry) => typeof entry === 'number')
      ? [change([...(value as number[])])]
      : [];
  });
  const [first] = lists;
  if (first === undefined) return null;
  return first.map((_, at) => mean(lists.flatMap((list) => list[at] ?? [])) ?? 0);
}

/** How many different classes a round's answers have, and the largest one's share; null without answers. */
function classCounts({
  answers,
}: Pick<Record, 'answers'>): { readonly different: number; readonly largest: number } | null {
  const labels = answers.flatMap(({ label }) => label ?? []);
  if (labels.length === 0) return null;
  const counts = new Map<number, number>();
  for (const label of labels) counts.set(label, (counts.get(label) ?? 0) + 1);
  return { different: counts.size, largest: Math.max(...counts.values()) / labels.length };
}

function numberOf(value: Diagnostic | undefined): number | null {
  return typeof value === 'number' ? value : null;
}
