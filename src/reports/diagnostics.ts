/**
 * What strategies said about themselves, round by round: gathered over seeds, named and explained.
 */
import type { Diagnostic } from '../acquisition/strategy.ts';
import { mean } from '../experiments/statistics.ts';
import { figure } from './number-format.ts';
import type { CellRecord } from './run-record.ts';
import type { ChartPoint } from './small-charts.ts';
import { isVaal, VAAL_FIGURES } from './vaal-figures.ts';

/** One figure of a strategy over rounds. */
export interface DiagnosticSeries {
  readonly key: string;
  readonly label: string;
  /** Mean over the seeds that report it, by round. */
  readonly mean: readonly ChartPoint[];
  readonly perSeed: readonly (readonly ChartPoint[])[];
}

/** Figures that belong in one chart, such as a value before and after. */
export interface DiagnosticGroup {
  readonly title: string;
  readonly explanation: string;
  readonly series: readonly DiagnosticSeries[];
  /** Whether the figures are shares, whose axis runs from 0 to 1. */
  readonly share: boolean;
}

export interface StrategyDiagnostics {
  readonly groups: readonly DiagnosticGroup[];
  /** Figures that never change, as text. */
  readonly constants: readonly { readonly key: string; readonly value: string }[];
}

interface KnownGroup {
  readonly title: string;
  readonly explanation: string;
  /** What the figure is to be compared with comes first, the figure itself second. */
  readonly keys: Readonly<Record<string, string>>;
  readonly share?: boolean;
}

/** The figures whose meaning is known; others are charted under their own names. */
const KNOWN: readonly KnownGroup[] = [
  {
    title: 'Search objective',
    explanation:
      'Mean over the queries, at random samples of the generator and after the search. For “boundary” it is the distance |f| from the decision boundary, for “entropy” minus the entropy in nats; lower is what the search wants. As bytes, rounding to 256 grey levels included, is what the oracle is shown.',
    keys: {
      objectiveStart: 'at random samples',
      objectiveEnd: 'after the search',
      objectiveEndQuantised: 'after the search, as bytes',
    },
  },
  {
    title: 'Queries that reached the boundary',
    explanation:
      'Share of queries that came as close to the optimum as the tolerance asks, and share that changed class on their way there.',
    keys: { shareCrossed: 'changed class', shareReached: 'reached' },
    share: true,
  },
  {
    title: 'Variety of the queries',
    explanation:
      'Mean distance between the images of a round, as root mean squared pixel difference (0 equal, 2 black against white). Far below random samples means the queries look alike.',
    keys: { meanPairwiseDistanceRandom: 'random samples', meanPairwiseDistance: 'queries' },
  },
  {
    title: 'Length of the latents',
    explanation:
      'Mean norm of the query latents. Draws the generator was trained on have about the square root of the latent size.',
    keys: { latentNormMean: 'mean norm' },
  },
  {
    title: 'Margin',
    explanation: 'Mean lead of the best class over the second: over the whole pool, and of the rows picked.',
    keys: { meanMarginPool: 'pool', meanMarginSelected: 'picked' },
  },
  {
    title: 'Uncertainty along the way',
    explanation:
      'What the task model makes of the samples the searches started from, of the images they ended with and of the rows bought in their place; means over the queries. By entropy, in nats, higher is less certain; by margin, the lead of the best class over the second, lower is (uncertaintyMeasure says by which).',
    keys: {
      uncertaintyStart: 'at random samples',
      uncertaintyMatched: 'rows bought',
      uncertaintyEnd: 'synthesised',
    },
  },
  {
    title: 'Uncertainty kept',
    explanation:
      'Share of what the search gained that is left in the rows bought: (bought − start) / (synthesised − start). 1 if matching lost nothing, 0 if the rows are as uncertain as images never searched for, below 0 if less.',
    keys: { uncertaintyKept: 'kept' },
  },
  {
    title: 'Distance to the match',
    explanation:
      'Euclidean, between features: median from a pool image to the nearest other one, median and largest from a synthesised image to the row bought in its place.',
    keys: {
      poolDistance: 'between pool images',
      matchDistance: 'to the match, median',
      matchDistanceLargest: 'to the match, largest',
    },
  },
  {
    title: 'Distance to the match, relative',
    explanation:
      'Median distance to the match over that between pool images. Near 1 the synthesised images lie among the pool; far above, beside it.',
    keys: { matchDistanceRatio: 'ratio' },
  },
  {
    title: 'Collisions',
    explanation:
      'Share of queries whose first choice went to another query of the round, so that another row was bought.',
    keys: { collisionRate: 'collided' },
    share: true,
  },
  {
    title: 'Different first choices',
    explanation:
      'Rows that the queries of a round would have chosen, each counted once: few if the queries are alike.',
    keys: { distinctPreferences: 'rows' },
  },
  {
    title: 'Label agreement',
    explanation:
      'Share of queries whose match has the label that the reference reads in the synthesised image, of those in which it reads one.',
    keys: { labelAgreement: 'agree' },
    share: true,
  },
  {
    title: 'Queries with a reading',
    explanation:
      'Synthesised images in which the reference reads a class; label agreement is a share of them.',
    keys: { agreementAnswered: 'read' },
  },
  {
    title: 'Pseudo-labels',
    explanation:
      'Unlabelled images that the task model of the round labelled itself and was trained anew with, by the protocol that all strategies share.',
    keys: { pseudoLabels: 'images' },
  },
  {
    title: 'Right pseudo-labels',
    explanation: 'Share of them whose label is the true one; neither the model nor the strategy is told.',
    keys: { pseudoLabelsRight: 'right' },
    share: true,
  },
  {
    title: 'Abstentions',
    explanation: 'Queries of a round that the oracle could not read.',
    keys: { abstentions: 'abstentions' },
  },
  {
    title: 'Certainty of the oracle',
    explanation: 'Mean of its confidence over the queries of a round; 1 for true labels of pool rows.',
    keys: { oracleConfidence: 'mean confidence' },
  },
];

/** Shown as a table of its own. */
const ELSEWHERE: ReadonlySet<string> = new Set(['answersPerClass']);

/** The figures of one strategy's cells, from round 1 on; round 0 asks nothing. */
export function strategyDiagnostics(cells: readonly CellRecord[]): StrategyDiagnostics {
  const keys = new Set(
    cells.flatMap(({ rounds }) => rounds.slice(1).flatMap(({ diagnostics }) => Object.keys(diagnostics))),
  );
  const inSection = cells.some(({ rounds }) => rounds.some(isVaal)) ? VAAL_FIGURES : new Set<string>();
  const constants = new Map<string, string>();
  const series = new Map<string, DiagnosticSeries>();
  for (const key of keys) {
    if (ELSEWHERE.has(key) || inSection.has(key)) continue;
    const values = cells.flatMap(({ rounds }) => rounds.slice(1).map(({ diagnostics }) => diagnostics[key]));
    const texts = values.filter((value) => typeof value === 'string');
    if (texts.length > 0) constants.set(key, [...new Set(texts)].join(', '));
    else {
      series.set(key, seriesOf(key, cells));
      const value = toNumber(values[0]);
      const constant = values.every((other) => toNumber(other) === value);
      if (constant) constants.set(key, value === null ? 'none' : figure(value));
    }
  }
  const groups = KNOWN.flatMap(({ title, explanation, keys: labels, share = false }) => {
    const present = Object.entries(labels).flatMap(([key, label]) => {
      const found = series.get(key);
      return found === undefined ? [] : [{ ...found, label }];
    });
    // What never changes is worth a line only beside something that does.
    if (present.every(({ key }) => constants.has(key))) return [];
    for (const { key } of present) {
      series.delete(key);
      constants.delete(key);
    }
    return [{ title, explanation, series: present, share }];
  });
  const changing = [...series.values()].filter(({ key }) => !constants.has(key));
  const others = changing.map((one) => ({
    title: humanise(one.key),
    explanation: `“${one.key}” in rounds.jsonl.`,
    series: [one],
    share: false,
  }));
  return {
    groups: [...groups, ...others],
    constants: [...constants].map(([key, value]) => ({ key, value })),
  };
}

export interface AnswerTable {
  /** Labels that were answered at least once, or all the classes there are if those are few. */
  readonly labels: readonly number[];
  /** By round: answers of each label and abstentions, summed over seeds. */
  readonly rounds: readonly {
    readonly round: number;
    readonly counts: readonly number[];
    readonly abstentions: number;
  }[];
}

/** How often each class was answered in each round, all seeds together; round 0 is the initial set. */
export function answerTable(cells: readonly CellRecord[], classes: number): AnswerTable {
  const longest = Math.max(0, ...cells.map(({ rounds }) => rounds.length));
  const answers = Array.from({ length: longest }, (_, round) =>
    cells.flatMap((cell) => cell.rounds[round]?.answers ?? []),
  );
  const given = answers.flat().flatMap(({ label }) => label ?? []);
  const labels = [...new Set([...Array.from({ length: classes }, (_, label) => label), ...given])].sort(
    (a, b) => a - b,
  );
  return {
    labels,
    rounds: answers.map((round, position) => ({
      round: position,
      counts: labels.map((wanted) => round.filter(({ label }) => label === wanted).length),
      abstentions: round.filter(({ label }) => label === null).length,
    })),
  };
}

function seriesOf(key: string, cells: readonly CellRecord[]): DiagnosticSeries {
  const perSeed = cells
    .filter(({ rounds }) => rounds.length > 1)
    .map(({ rounds }) =>
      rounds.slice(1).map(({ round, diagnostics }) => ({ x: round, y: toNumber(diagnostics[key]) })),
    );
  const longest = Math.max(0, ...perSeed.map((line) => line.length));
  return {
    key,
    label: humanise(key).toLowerCase(),
    perSeed,
    mean: Array.from({ length: longest }, (_, position) => ({
      x: position + 1,
      y: mean(perSeed.flatMap((line) => line[position]?.y ?? [])),
    })),
  };
}

/** A number as it is, a list as the mean of its numbers; null for what is neither. */
function toNumber(value: Diagnostic | undefined): number | null {
  if (typeof value === 'number') return value;
  if (Array.isArray(value)) return mean(value.filter((entry): entry is number => typeof entry === 'number'));
  return null;
}

/** `meanMarginPool` as `Mean margin pool`. */
function humanise(key: string): string {
  const words = key.replace(/([a-z0-9])([A-Z])/g, '$1 $2').toLowerCase();
  return words.charAt(0).toUpperCase() + words.slice(1);
}
