/**
 * When cells ended, and when each stopping rule would have ended them.
 */
import { html } from 'hono/html';
import { type Html, type PageSection, strategyKey, table } from './html.ts';
import { figure, MISSING, percent } from './number-format.ts';
import { endingSentences } from './oracle-words.ts';
import { seriesStyles } from './palette.ts';
import type { CellRecord, RunRecord } from './run-record.ts';

/** The section; null of a run that has no rules and whose cells all had their rounds. */
export function stoppingSection(run: RunRecord): PageSection | null {
  const endings = endingSentences(run);
  const rules = run.cells.find(({ rounds }) => rounds.some(({ stopping }) => stopping !== undefined));
  if (endings.length === 0 && rules === undefined) return null;
  return {
    id: 'stopping',
    title: 'When it ended',
    body: html`${endings.length > 0 ? html`<ul>${endings.map((sentence) => html`<li>${sentence}</li>`)}</ul>` : html`<p>Every cell had all its rounds.</p>`}
${rules === undefined ? '' : ruleTable(run)}`,
  };
}

function ruleTable(run: RunRecord): Html {
  const styles = seriesStyles(run.strategies);
  const cells = run.cells.filter(({ rounds }) => rounds.some(({ stopping }) => stopping !== undefined));
  const kinds = cells[0]?.rounds[0]?.stopping?.map(({ kind }) => kind) ?? [];
  return html`${table(
    'Stopping rules',
    [
      { title: 'strategy' },
      { title: 'seed' },
      ...kinds.map((kind) => ({ title: kind, text: true })),
      { title: 'last round' },
    ],
    cells.map((cell) => [
      strategyKey(cell.strategy, styles.get(cell.strategy)),
      `${cell.seed}`,
      ...kinds.map((_, position) => saidCell(cell, position)),
      `${cell.rounds.length - 1}`,
    ]),
  )}
<p class="note">The first round in which the rule said stop, with the accuracy and the labels paid for there, whether or not it was allowed to act; else its last figure. Rules are told neither test images nor labels: the accuracies are for the reader.</p>`;
}

function saidCell({ rounds }: CellRecord, position: number): string {
  const met = rounds.find(({ stopping }) => stopping?.[position]?.met);
  if (met !== undefined) {
    return `round ${met.round}: ${percent(met.testAccuracy)} at ${met.labelsCharged}`;
  }
  const last = rounds.findLast(({ stopping }) => stopping !== undefined)?.stopping?.[position]?.decidedBy;
  return last == null ? MISSING : `not yet, ${figure(last)}`;
}
