/**
 * The report's section on confusions: of every strategy, which test images the last task model took for what.
 */
import { html } from 'hono/html';
import { mean } from '../experiments/statistics.ts';
import { type Html, type PageSection, strategyKey, table } from './html.ts';
import { count, percent } from './number-format.ts';
import { seriesStyles } from './palette.ts';
import { type CellRecord, className, type RunRecord } from './run-record.ts';

/** Part of the colour in a cell of 1; the rest is the page, so that its text stays legible on it. */
const STRONGEST = 45;
/** Classes up to which a table is drawn; past them the largest confusions are listed. */
const CLASSES_DRAWN = 20;
const LARGEST_LISTED = 15;
/** Strategies up to which all tables stand open. */
const OPEN_AT_MOST = 8;

/** Shares of the test images of each class taken for each, mean over seeds. */
export interface MeanConfusion {
  readonly round: number;
  readonly seeds: number;
  readonly classes: number;
  /** `[classes][classes]`: rows are labels, and sum to 1 unless a class has no test image. */
  readonly shares: readonly (readonly number[])[];
}

/** Every strategy's confusions; null where no record tells any. */
export function confusionSection(run: RunRecord): PageSection | null {
  const styles = seriesStyles(run.strategies);
  const told = run.strategies.flatMap(({ name }) => {
    const confusion = meanConfusion(run.cells.filter(({ strategy }) => strategy === name));
    return confusion === null ? [] : [{ name, confusion }];
  });
  if (told.length === 0) return null;
  return {
    id: 'confusions',
    title: 'Confusions',
    body: html`<p class="note">Of the test images of the row’s class, the share that the task model takes for the column’s, in the last round, mean over seeds. Blue is right, brown wrong; its colour grows with the root of the share, so that rare mistakes are seen.</p>
${told.map(
  ({ name, confusion }) => html`<details${told.length <= OPEN_AT_MOST ? html` open` : ''}>
<summary>${strategyKey(name, styles.get(name))}</summary>
<p class="note">Round ${confusion.round}, ${count(confusion.seeds, 'seed')}.</p>
${confusion.classes <= CLASSES_DRAWN ? heatMap(run, name, confusion) : largest(run, name, confusion)}</details>`,
)}`,
  };
}

/**
 * The confusions of the last round that finished cells have in common, or, if none is finished, of the last round that any
 * reached. Null if no record tells any.
 */
export function meanConfusion(cells: readonly CellRecord[]): MeanConfusion | null {
  const finished = cells.filter(({ status }) => status === 'finished');
  const counted = (finished.length > 0 ? finished : cells).flatMap(({ rounds }) =>
    rounds.flatMap(({ round, testConfusion }) =>
      testConfusion === undefined ? [] : [{ round, testConfusion }],
    ),
  );
  if (counted.length === 0) return null;
  const round = Math.max(...counted.map((one) => one.round));
  const tables = counted.filter((one) => one.round === round).map(({ testConfusion }) => testConfusion);
  const classes = Math.sqrt(tables[0]?.length ?? 0);
  const labels = Array.from({ length: classes }, (_, label) => label);
  const shares = labels.map((row) =>
    labels.map((column) => {
      const ofTables = tables.map((counts) => {
        const ofRow = counts.slice(row * classes, (row + 1) * classes);
        const all = ofRow.reduce((sum, value) => sum + value, 0);
        return all === 0 ? 0 : (ofRow[column] as number) / all;
      });
      return mean(ofTables) as number;
    }),
  );
  return { round, seeds: tables.length, classes, shares };
}

function heatMap(run: RunRecord, name: string, { shares }: MeanConfusion): Html {
  const names = shares.map((_, label) => className(run, label));
  const cell = (share: number, isRight: boolean) => {
    const strength = Math.round(STRONGEST * (isRight ? share : Math.sqrt(share)));
    const colour = isRight ? '--series-1' : '--series-2';
    return html`<td style="background:color-mix(in srgb,var(${colour}) ${strength}%,transparent)">${percentOf(share)}</td>`;
  };
  return html`<div class="scroll" role="region" aria-label="Confusions of ${name}, in percent" tabindex="0"><table class="confusion">
<thead><tr><th scope="col">%, label in rows</th>${names.map((column) => html`<th scope="col">${column}</th>`)}</tr></thead>
<tbody>${shares.map(
    (ofRow, row) => html`
<tr><th scope="row">${names[row]}</th>${ofRow.map((share, column) => cell(share, row === column))}</tr>`,
  )}
</tbody></table></div>`;
}

/** Percent with one digit; a share that never was leaves its cell empty. */
function percentOf(share: number): string {
  return share === 0 ? '' : (100 * share).toFixed(1);
}

function largest(run: RunRecord, name: string, { shares, classes }: MeanConfusion): Html {
  const mistakes = shares
    .flatMap((ofRow, row) => ofRow.map((share, column) => ({ row, column, share })))
    .filter(({ row, column, share }) => row !== column && share > 0)
    .sort((a, b) => b.share - a.share)
    .slice(0, LARGEST_LISTED);
  return html`<p class="note">The largest of ${classes} classes’ confusions.</p>
${table(
  `Largest confusions of ${name}`,
  [{ title: 'label' }, { title: 'taken for' }, { title: 'share' }],
  mistakes.map(({ row, column, share }) => [className(run, row), className(run, column), percent(share)]),
)}`;
}
