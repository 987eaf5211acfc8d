/**
 * How well matches stand for what was synthesised: one row of figures a strategy, and what they say in a sentence.
 */
import type { Diagnostic } from '../acquisition/strategy.ts';
import { mean } from '../experiments/statistics.ts';
import { isMatched } from './matched-rounds.ts';
import { count, list, MISSING, percent } from './number-format.ts';
import type { CellRecord } from './run-record.ts';

/** Figures of one strategy over all its rounds and seeds; null where one does not exist. */
export interface MatchFigures {
  readonly strategy: string;
  readonly seeds: number;
  readonly rounds: number;
  /** Share of the readable queries whose match has the label that the reference reads, in [0, 1]. */
  readonly labelAgreement: number | null;
  /** Queries that the reference could read. */
  readonly answered: number;
  /** Mean over rounds, in [0, 1]. */
  readonly collisionRate: number | null;
  /** Mean over rounds. */
  readonly matchDistanceRatio: number | null;
  /** `(matched - start) / (end - start)` of the means over rounds; null if the searches gained nothing. */
  readonly uncertaintyKept: number | null;
}

/** The figures of one strategy's cells; every round counts alike, in the agreement every query. */
export function matchFigures(strategy: string, cells: readonly CellRecord[]): MatchFigures {
  const ofCells = cells.map(({ rounds }) => rounds.filter(isMatched));
  const rounds = ofCells.flat().map(({ diagnostics }) => diagnostics);
  const numbers = (key: string) => rounds.flatMap((diagnostics) => numberOf(diagnostics[key]) ?? []);
  let [agreeing, answered] = [0, 0];
  for (const diagnostics of rounds) {
    const share = numberOf(diagnostics.labelAgreement);
    const of = numberOf(diagnostics.agreementAnswered);
    if (share === null || of === null) continue;
    agreeing += share * of;
    answered += of;
  }
  return {
    strategy,
    seeds: ofCells.filter((own) => own.length > 0).length,
    rounds: rounds.length,
    labelAgreement: answered === 0 ? null : agreeing / answered,
    answered,
    collisionRate: mean(numbers('collisionRate')),
    matchDistanceRatio: mean(numbers('matchDistanceRatio')),
    uncertaintyKept: keptOf(rounds),
  };
}

/** What the table says, a sentence each. */
export function matchSentences(figures: readonly MatchFigures[]): string[] {
  return [...agreementSentences(figures), ...uncertaintySentences(figures)];
}

function agreementSentences(figures: readonly MatchFigures[]): string[] {
  const read = figures
    .filter(({ labelAgreement }) => labelAgreement !== null)
    .sort((a, b) => (b.labelAgreement ?? 0) - (a.labelAgreement ?? 0));
  const shown = ({ labelAgreement, answered }: MatchFigures) =>
    `${percent(labelAgreement)} of ${count(answered, 'query', 'queries')}`;
  const [best, ...others] = read;
  if (best === undefined) {
    return [
      'Whether matches are of the class that was synthesised is unknown: no synthesised image was read.',
    ];
  }
  if (others.length === 0) {
    return [
      `The image bought has the label that the reference reads in the synthesised one for ${shown(best)} it can read${
        figures.length > 1 ? ` (${best.strategy})` : ''
      }.`,
    ];
  }
  const rest = others.map((other) => `${other.strategy} ${shown(other)}`).join(', ');
  const tied = others.filter(
    ({ labelAgreement }) => percent(labelAgreement) === percent(best.labelAgreement),
  );
  return [
    tied.length === 0
      ? `The matches of ${best.strategy} agree most often with what was synthesised: ${shown(best)} the reference can read; ${rest}.`
      : `The matches of ${list([best, ...tied].map(({ strategy }) => strategy))} agree most often, and equally often, with what was synthesised: ${best.strategy} ${shown(best)} the reference can read, ${rest}.`,
  ];
}

function uncertaintySentences(figures: readonly MatchFigures[]): string[] {
  const known = figures.filter(({ uncertaintyKept }) => uncertaintyKept !== null);
  if (known.length === 0) return [];
  const named = (some: readonly MatchFigures[], withShare: boolean) =>
    list(
      some.map(({ strategy, uncertaintyKept }) =>
        withShare ? `${strategy} (kept ${percent(uncertaintyKept, 0)})` : strategy,
      ),
    );
  const kept = ({ uncertaintyKept }: MatchFigures) => uncertaintyKept ?? 0;
  const reversed = known.filter((one) => kept(one) < 0);
  const lost = known.filter((one) => kept(one) >= 0 && kept(one) < 0.5);
  const most = known.filter((one) => kept(one) >= 0.5);
  return [
    ...(lost.length > 0
      ? [`Matching lost more than half of the uncertainty that was searched for with ${named(lost, true)}.`]
      : []),
    ...(reversed.length > 0
      ? [
          `With ${named(reversed, false)} nothing was left of it: the images bought are less uncertain than images never searched for.`,
        ]
      : []),
    ...(most.length > 0
      ? [
          `At least half of the uncertainty that was searched for survived matching with ${named(most, true)}.`,
        ]
      : []),
  ];
}

/** Of the means, because a share of a single round has no bound where a search gains next to nothing. */
function keptOf(rounds: readonly Readonly<Record<string, Diagnostic>>[]): number | null {
  const whole = rounds.flatMap((diagnostics) => {
    const [start, end, matched] = ['uncertaintyStart', 'uncertaintyEnd', 'uncertaintyMatched'].map((key) =>
      numberOf(diagnostics[key]),
    );
    if (start == null || end == null || matched == null) return [];
    // A margin is the lower, the less certain.
    const sign = diagnostics.uncertaintyMeasure === 'margin' ? -1 : 1;
    return [{ gained: sign * (end - start), left: sign * (matched - start) }];
  });
  const gained = mean(whole.map((one) => one.gained));
  const left = mean(whole.map((one) => one.left));
  return gained === null || left === null || gained <= 0 ? null : left / gained;
}

/** A figure in the table that is a plain number. */
export function ratio(value: number | null): string {
  return value === null ? MISSING : value.toFixed(2);
}

function numberOf(value: Diagnostic | undefined): number | null {
  return typeof value === 'number' ? value : null;
}
