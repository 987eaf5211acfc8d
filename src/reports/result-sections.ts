/**
 * The report's first half: the result in words, the curve, the tables.
 */
import { html, raw } from 'hono/html';
import { type PairComparison, paid } from '../experiments/statistics.ts';
import { inlineSvg, renderSvg } from './chart.ts';
import { powerSentence } from './compare-power.ts';
import { curvesSpec, inPanels } from './curve-files.ts';
import { curveDescription } from './curves.ts';
import { type Html, type PageSection, strategyKey, table } from './html.ts';
import {
  count,
  MISSING,
  percent,
  percentWithDeviation,
  points,
  pointsInterval,
  pValue,
} from './number-format.ts';
import { PAID } from './paid-words.ts';
import { seriesStyles } from './palette.ts';
import type { Results, SeedResult, StrategyResult } from './results.ts';
import {
  againstBaseline,
  evidence,
  headlinePairs,
  outcomeSentence,
  verdictClause,
  verdictWords,
} from './verdict.ts';

/** The result in words. */
export function summarySection(results: Results): PageSection {
  const final = headlinePairs(results, results.pairs.finalAccuracy);
  const area = headlinePairs(results, results.pairs.areaUnderBudgetCurve);
  const clauses = final.map((pair) => verdictClause(pair)).join('; ');
  const details = final.map((pair, position) => {
    const whole = area[position];
    return html`<li><strong>${pair.a}</strong> against ${pair.b}: final accuracy ${evidence(pair)}. ${
      whole === undefined
        ? ''
        : html`Averaged over the whole budget, ${verdictClause(whole)} (${evidence(whole)}).`
    }</li>`;
  });
  return {
    id: 'result',
    title: 'Result',
    body: html`<p class="lead">${outcomeSentence(results)} ${
      final.length > 0
        ? `In final accuracy, ${clauses}.`
        : 'With a single strategy there is nothing to compare.'
    }</p>
${details.length > 0 ? html`<ul>${details}</ul>` : ''}`,
  };
}

/** The learning curve, in two widths, and the numbers behind it. */
export async function curveSection(results: Results): Promise<PageSection> {
  const alt = curveDescription(results);
  const drawn = async (width: number, height: number) =>
    inlineSvg(await renderSvg(curvesSpec(results, { width, height, title: false })), alt);
  const n = Math.max(0, ...results.strategies.map((strategy) => strategy.n));
  return {
    id: 'curve',
    title: 'Learning curve',
    body: html`<figure>
<div class="wide">${raw(await drawn(920, 460))}</div>
<div class="narrow">${raw(await drawn(400, 340))}</div>
<figcaption>Accuracy on the whole test split after each round, against ${PAID[results.paidIn]}, the initial set included. ${
      inPanels(results) ? 'Random sampling is the grey line of every panel. ' : ''
    }${
      n > 1
        ? 'Lines are means over seeds, bands their 95 % intervals (Student’s t). Strategies share seeds and are compared seed by seed, so overlapping bands do not mean that there is no difference: the tables below decide.'
        : 'There is one seed, so there is no interval, and no difference can be told from chance.'
    } The axis does not start at 0.</figcaption>
</figure>
<details><summary>The numbers behind the curve</summary>${curveTable(results)}</details>`,
  };
}

/** What each strategy reached, on average and on each seed. */
export function strategiesSection(results: Results): PageSection {
  const styles = seriesStyles(results.strategies);
  const rows = results.strategies.map((strategy) => [
    strategyKey(strategy.name, styles.get(strategy.name)),
    percentWithDeviation(strategy.initialAccuracy),
    percentWithDeviation(strategy.finalAccuracy),
    percentWithDeviation(strategy.areaUnderBudgetCurve),
    `${strategy.n}`,
    gapCell(strategy),
  ]);
  return {
    id: 'strategies',
    title: 'Strategies',
    body: html`${table(
      'Accuracy of each strategy',
      [
        { title: 'strategy' },
        { title: 'initial accuracy' },
        { title: 'final accuracy' },
        { title: 'average accuracy' },
        { title: 'finished seeds' },
        { title: 'failed', text: true },
      ],
      rows,
    )}
<p class="note">Mean ± standard deviation over the finished seeds (n − 1). Average accuracy is the area under the budget curve divided by the budget spent: Σ (xᵢ₊₁ − xᵢ)(yᵢ + yᵢ₊₁)/2 ÷ (x_last − x_first), for accuracy y at x ${PAID[results.paidIn]}; a curve that spent less than the longest counts as flat from its end.</p>
<details><summary>Final accuracy on each seed</summary>${seedTable(results)}</details>`,
  };
}

/** Every two strategies, seed by seed. */
export function pairsSection(results: Results): PageSection {
  const finalAccuracy = againstBaseline(results, results.pairs.finalAccuracy);
  const areaUnderBudgetCurve = againstBaseline(results, results.pairs.areaUnderBudgetCurve);
  const n = Math.min(...finalAccuracy.map((pair) => pair.n));
  const power = powerSentence(results);
  const floor =
    n >= 2 && n < 6
      ? html` With ${n} seeds the signed-rank test cannot go below p = ${(2 / 2 ** n).toFixed(n < 5 ? 3 : 4)}, whatever the differences.`
      : '';
  return {
    id: 'pairs',
    title: 'Pairs',
    body:
      finalAccuracy.length === 0
        ? html`<p>There is one strategy, so there is no pair.</p>`
        : html`<h3>Final accuracy</h3>${pairTable('Pairs by final accuracy', finalAccuracy)}
<h3>Average accuracy over the budget</h3>${pairTable('Pairs by average accuracy', areaUnderBudgetCurve)}
<p class="note">Differences are first minus second, in percentage points, over the seeds both finished. The verdict rests on the two-sided paired t-test after Holm’s correction for the ${count(finalAccuracy.length, 'pair')} of each table, at 0.05; below three seeds there is none. The Wilcoxon signed-rank p is exact and uncorrected, for comparison.${floor} Seeds are won by the strategy named first.</p>
${power === null ? '' : html`<p class="note">${power}</p>`}`,
  };
}

function pairTable(label: string, pairs: readonly PairComparison[]): Html {
  return table(
    label,
    [
      { title: 'pair' },
      { title: 'seeds' },
      { title: 'won/tied/lost' },
      { title: 'difference' },
      { title: '95 % interval' },
      { title: 'paired t, p' },
      { title: 'Wilcoxon, p' },
      { title: 'Holm, p' },
      { title: 'verdict', text: true },
    ],
    pairs.map((pair) => [
      `${pair.a} − ${pair.b}`,
      `${pair.n}`,
      `${pair.wins}/${pair.ties}/${pair.losses}`,
      points(pair.meanDifference),
      pointsInterval(pair.interval),
      pValue(pair.pairedT),
      pValue(pair.wilcoxon),
      pValue(pair.holm),
      pair.reason === null || pair.verdict === 'too few seeds'
        ? verdictWords(pair)
        : `${verdictWords(pair)}: ${pair.reason}`,
    ]),
  );
}

function curveTable({ strategies, paidIn }: Results): Html {
  const longest = Math.max(0, ...strategies.map(({ curve }) => curve.length));
  const paidAt = (round: number) => [
    ...new Set(
      strategies.flatMap(({ curve }) => Math.round(paid(curve[round] ?? { labelsCharged: Number.NaN }))),
    ),
  ];
  const rounds = Array.from({ length: longest }, (_, round) => round);
  const equal = rounds.every((round) => paidAt(round).filter(Number.isFinite).length === 1);
  return table(
    'Mean accuracy by round',
    [
      { title: 'round' },
      ...(equal ? [{ title: PAID[paidIn] }] : []),
      ...strategies.map(({ name }) => ({ title: name })),
    ],
    rounds.map((round) => [
      `${round}`,
      ...(equal ? [`${paidAt(round).find(Number.isFinite)}`] : []),
      ...strategies.map(({ curve, perSeed }) => {
        const point = curve[round];
        if (point === undefined) return MISSING;
        const partial = point.n < perSeed.length ? ` (n = ${point.n})` : '';
        const at = equal ? '' : ` at ${Math.round(paid(point))}`;
        return `${percentWithDeviation(point, 2)}${at}${partial}`;
      }),
    ]),
  );
}

function seedTable({ strategies, seeds }: Results): Html {
  return table(
    'Final accuracy by seed',
    [{ title: 'seed' }, ...strategies.map(({ name }) => ({ title: name }))],
    seeds.map((seed) => [
      `${seed}`,
      ...strategies.map(({ perSeed }) => seedCell(perSeed.find((result) => result.seed === seed))),
    ]),
  );
}

function seedCell(result: SeedResult | undefined): Html | string {
  if (result === undefined) return MISSING;
  if (result.status === 'failed') return html`<span class="failed">failed</span>`;
  if (result.status === 'unfinished') {
    const reached = result.curve.length;
    return html`<span class="missing">${reached === 0 ? 'not started' : `unfinished, round ${reached - 1}`}</span>`;
  }
  return percent(result.finalAccuracy, 2);
}

function gapCell({ failedSeeds, unfinishedSeeds, perSeed }: StrategyResult): Html | string {
  if (failedSeeds.length === 0 && unfinishedSeeds.length === 0) return 'none';
  return html`${perSeed
    .filter(({ status }) => status === 'failed')
    .map(({ seed, error }) => html`<span class="failed">seed ${seed}: ${error}</span><br>`)}${
    unfinishedSeeds.length > 0
      ? html`<span class="missing">${count(unfinishedSeeds.length, 'seed')} unfinished</span>`
      : ''
  }`;
}
