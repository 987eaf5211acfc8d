/**
 * A comparison as one page that needs nothing but itself.
 */
import { html } from 'hono/html';
import type { Comparison } from './compare.ts';
import { heatMap } from './compare-heat-map.ts';
import { budgetWords, comparisonHead } from './compare-text.ts';
import { type Html, type PageSection, renderPage, strategyKey, table } from './html.ts';
import { list, MISSING, percent } from './number-format.ts';
import { amount } from './paid-words.ts';
import { seriesStyles } from './palette.ts';
import { curveSection, pairsSection, strategiesSection, summarySection } from './result-sections.ts';
import { gapsSentence, unequalBudgetsSentence } from './verdict.ts';

const NEEDED = { labels: 'Labels needed', cost: 'Cost needed' } as const;

/** The page as text. */
export async function comparisonPage(comparison: Comparison): Promise<string> {
  const { results } = comparison;
  return renderPage({
    title: `Comparison: ${results.name}`,
    subtitle: `${comparisonHead(comparison)}.`,
    warning: warning(comparison),
    sections: [
      summarySection(results),
      await curveSection(results),
      strategiesSection(results),
      labelsSection(comparison),
      pairsSection(results),
      penaltySection(comparison),
      runsSection(comparison),
    ],
    footer: html`<p>Every figure of this page is defined in docs/compare.md of genal; genal compare --json prints them.</p>`,
  });
}

function warning({ differences, leftOut, results }: Comparison): Html | null {
  const gaps = gapsSentence(results);
  const unequal = gaps === null ? unequalBudgetsSentence(results) : null;
  const isEmpty = differences.length + leftOut.length === 0 && gaps === null && unequal === null;
  if (isEmpty) return null;
  return html`<div class="warning" role="note">${differences.map(({ severity, sentence }) =>
    severity === 'unfair'
      ? html`<p><strong class="failed">Not a fair comparison.</strong> <span class="failed">${sentence}</span></p>`
      : html`<p>${sentence}</p>`,
  )}${leftOut.map((sentence) => html`<p>${sentence}</p>`)}${gaps === null ? '' : html`<p>${gaps}</p>`}${
    unequal === null ? '' : html`<p>${unequal}</p>`
  }</div>`;
}

function labelsSection({ results, target, labelsNeeded }: Comparison): PageSection {
  const styles = seriesStyles(results.strategies);
  const rows = labelsNeeded.map(({ strategy, ofMean, perSeed, reached, n, mean, interval, observedUpTo }) => {
    const beyond = observedUpTo === null ? MISSING : `more than ${amount(observedUpTo)}`;
    return [
      strategyKey(strategy, styles.get(strategy)),
      ofMean === null ? beyond : amount(ofMean),
      mean === null ? MISSING : mean.toFixed(1),
      interval === null ? MISSING : `${interval.low.toFixed(1)} to ${interval.high.toFixed(1)}`,
      `${reached} of ${n}`,
      perSeed
        .map(({ seed, labels }) => `${labels === null ? beyond : amount(labels)} on seed ${seed}`)
        .join(', '),
    ];
  });
  return {
    id: 'labels',
    title: NEEDED[results.paidIn],
    body:
      target === null
        ? html`<p>No strategy has finished a seed, so there is no accuracy to reach.</p>`
        : html`<p>${results.paidIn === 'cost' ? 'Cost' : 'Labels'} paid${results.paidIn === 'cost' ? '' : ' for'} until test accuracy was at ${percent(target, 2)}.</p>
${table(
  NEEDED[results.paidIn],
  [
    { title: 'strategy' },
    { title: 'mean curve' },
    { title: 'mean of seeds' },
    { title: '95 % interval' },
    { title: 'seeds there' },
    { title: 'each seed', text: true },
  ],
  rows,
)}
<p class="note">The first budget at which the curve is at that accuracy, a later dip notwithstanding. A seed that never gets there needs more than was paid for, so that the mean over the seeds does not exist; it is not left out of it.</p>`,
  };
}

function penaltySection({ penaltyMatrix, results }: Comparison): PageSection {
  const { budgets } = penaltyMatrix;
  return {
    id: 'penalty',
    title: 'Penalty matrix',
    body:
      results.strategies.length < 2
        ? html`<p>There is one strategy, so there is no pair.</p>`
        : html`${heatMap(penaltyMatrix)}
<p class="note">Each cell is the share of ${budgetWords(budgets, results.paidIn)} at which the row’s strategy was better than the column’s by a two-sided paired t-test at 0.05 (Ash et al. 2020, section 5). A large row sum and a small column sum are good. Budgets double from the first round on, and end where random sampling is within a hundredth of its final accuracy. The tests are not corrected for their number, so a single cell proves nothing.</p>`,
  };
}

function runsSection({ runs, endings }: Comparison): PageSection {
  return {
    id: 'runs',
    title: 'Runs',
    body: html`${endings.length > 0 ? html`<ul>${endings.map((sentence) => html`<li>${sentence}</li>`)}</ul>` : ''}${table(
      'Runs compared',
      [
        { title: 'folder' },
        { title: 'name', text: true },
        { title: 'seeds', text: true },
        { title: 'rounds' },
        { title: 'backend', text: true },
        { title: 'genal', text: true },
        { title: 'data, SHA-256', text: true },
      ],
      runs.map(({ dir, name, seeds, rounds, backend, genal, dataSha256 }) => [
        dir,
        name,
        list(seeds),
        `${rounds}`,
        backend ?? MISSING,
        genal ?? MISSING,
        dataSha256?.slice(0, 12) ?? MISSING,
      ]),
    )}`,
  };
}
