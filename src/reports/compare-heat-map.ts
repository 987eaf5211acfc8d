/**
 * The penalty matrix as a table whose cells are the darker the more often the row's strategy won.
 */
import { html } from 'hono/html';
import type { PenaltyMatrix } from '../experiments/statistics/penalty-matrix.ts';
import type { Html } from './html.ts';

/** Part of the colour in a cell of 1; the rest is the page, so that its text stays legible on it. */
const STRONGEST = 45;

/** The matrix with its row and column sums. It is a table, so it reads without seeing its colours. */
export function heatMap({ strategies, entries, rowSums, columnSums }: PenaltyMatrix): Html {
  const cell = (value: number, row: number, column: number) =>
    row === column
      ? html`<td class="missing">·</td>`
      : html`<td style="background:color-mix(in srgb,var(--series-1) ${Math.round(STRONGEST * value)}%,transparent)">${value.toFixed(2)}</td>`;
  return html`<div class="scroll" role="region" aria-label="Penalty matrix" tabindex="0"><table>
<thead><tr><th scope="col">beats</th>${strategies.map((name) => html`<th scope="col">${name}</th>`)}<th scope="col">row sum</th></tr></thead>
<tbody>${strategies.map(
    (name, row) => html`
<tr><th scope="row">${name}</th>${(entries[row] ?? []).map((value, column) => cell(value, row, column))}<td><strong>${(rowSums[row] ?? 0).toFixed(2)}</strong></td></tr>`,
  )}
<tr><th scope="row">beaten, column sum</th>${columnSums.map((sum) => html`<td><strong>${sum.toFixed(2)}</strong></td>`)}<td></td></tr>
</tbody></table></div>`;
}
