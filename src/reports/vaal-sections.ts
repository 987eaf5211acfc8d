/**
 * The report's section on discriminators: of every strategy that buys by one, whether its networks learned anything, what its
 * scores look like, and why its choice may look like chance.
 */
import { existsSync } from 'node:fs';
import { html } from 'hono/html';
import { runPaths } from '../experiments/run-folder.ts';
import { facts, type Html, type PageSection, strategyKey, table } from './html.ts';
import { duration, figure, MISSING, percent } from './number-format.ts';
import { type SeriesStyle, seriesStyles } from './palette.ts';
import { PICTURE_BUDGET, readPicture } from './pictures.ts';
import type { Results } from './results.ts';
import type { CellRecord, RunRecord } from './run-record.ts';
import { vaalCharts } from './vaal-charts.ts';
import { isVaal, type VaalFigures, vaalFigures } from './vaal-figures.ts';
import { evidence, headlinePairs, verdictClause } from './verdict.ts';
import { causeFacts, whyRandomSentences } from './why-random-words.ts';

/** What all pictures of reconstructions of a page may take, in bytes. */
const PICTURES_BUDGET = PICTURE_BUDGET / 4;
/** Strategies up to which all parts of the section stand open. */
const OPEN_AT_MOST = 4;

/** Everything about discriminators; null where no strategy buys by one. */
export async function vaalSection(run: RunRecord, results: Results): Promise<PageSection | null> {
  const styles = seriesStyles(run.strategies);
  const told = run.strategies.flatMap(({ name }) => {
    const cells = run.cells.filter(({ strategy }) => strategy === name);
    return cells.some(({ rounds }) => rounds.some(isVaal))
      ? [{ cells, figures: vaalFigures(name, cells) }]
      : [];
  });
  if (told.length === 0) return null;
  const parts: Html[] = [];
  for (const { cells, figures } of told) {
    const { strategy } = figures;
    parts.push(html`<details id="discriminator-${strategy}"${told.length <= OPEN_AT_MOST ? html` open` : ''}>
<summary>${strategyKey(strategy, styles.get(strategy))}</summary>
${panel(figures, results)}
<div class="charts">${await vaalCharts(run, strategy, cells)}</div>
${await reconstructions(strategy, cells, PICTURES_BUDGET / told.length)}
${cost(figures)}</details>`);
  }
  return {
    id: 'discriminators',
    title: 'Discriminators',
    body: html`${overview(
      told.map(({ figures }) => figures),
      styles,
    )}
${parts}`,
  };
}

function overview(figures: readonly VaalFigures[], styles: ReadonlyMap<string, SeriesStyle>): Html {
  return html`${table(
    'What discriminators and codes come to',
    [
      { title: 'strategy' },
      { title: 'AUC' },
      { title: 'active units' },
      { title: 'KL, nats' },
      { title: 'overlap: a draw' },
      { title: 'entropy' },
      { title: 'chance' },
      { title: 'classes' },
      { title: 'cause of chance' },
    ],
    figures.map((one) => [
      strategyKey(one.strategy, styles.get(one.strategy)),
      one.auc === null ? MISSING : one.auc.toFixed(2),
      `${figure(one.activeUnits)} of ${figure(one.latentSize)}`,
      figure(one.divergence),
      percent(one.overlapRandom),
      percent(one.overlapEntropy),
      percent(one.overlapChance),
      figure(one.classes),
      causesWords(one),
    ]),
  )}
<p class="note">Means over rounds and seeds; AUC, units and divergence (KL) of images that no network was trained on; overlap of a batch with what a draw and entropy would have bought, and what chance makes of both; different classes bought in a round.</p>`;
}

/** The causes in a few words. */
export function causesWords({ why }: VaalFigures): string {
  if (why.named.length > 0) return why.named.join(', ');
  return why.unknown.length > 0 ? MISSING : 'none';
}

function panel(figures: VaalFigures, results: Results): Html {
  const { strategy } = figures;
  const pair = headlinePairs(results, results.pairs.finalAccuracy).find(({ a }) => a === strategy);
  const against =
    pair === undefined
      ? 'Random sampling is not in this run, so whether the choice pays as little as chance is not known.'
      : `In final accuracy ${verdictClause(pair)} (${evidence(pair)}).`;
  return html`<div class="panel"><h4>Why this looks like random</h4>
<p>${against}</p>
${whyRandomSentences(figures).map((sentence) => html`<p><strong>${sentence}</strong></p>`)}
${facts(causeFacts(figures))}</div>`;
}

async function reconstructions(
  strategy: string,
  cells: readonly CellRecord[],
  maxBytes: number,
): Promise<Html> {
  for (const { folder, seed, rounds } of cells) {
    const last = rounds.findLast(
      (record) => isVaal(record) && existsSync(runPaths.reconstructionGrid(folder, record.round)),
    );
    if (last === undefined) continue;
    const file = runPaths.reconstructionGrid(folder, last.round);
    const { uri, width, height } = await readPicture(file, Number.MAX_SAFE_INTEGER, maxBytes);
    return html`<figure><h4>Reconstructions</h4>
<div class="scroll" role="region" aria-label="Reconstructions of ${strategy}" tabindex="0"><img class="picture" src="${uri}" width="${width}" height="${height}" alt="Labelled and unlabelled images above what the networks of ${strategy} make of them, round ${last.round} of seed ${seed}"></div>
<figcaption>Round ${last.round} of seed ${seed}; an empty code gives one mean image for all. Other rounds lie in the run folder under cells/${strategy}/seed-&lt;n&gt;/queries/.</figcaption></figure>`;
  }
  return html`<p class="note">No picture of reconstructions is recorded.</p>`;
}

function cost({ diagnosticsMs, selectMs }: VaalFigures): Html | string {
  if (diagnosticsMs === null) return '';
  return html`<p class="note">The figures of this part cost ${duration(diagnosticsMs)} a round beside ${duration(selectMs)} for training the networks and scoring the pool. They decide nothing: without them the same images would have been bought.</p>`;
}
