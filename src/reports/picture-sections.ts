/**
 * The report's second half, pictures: what was asked and answered, and what the generator drew.
 */
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { html, raw } from 'hono/html';
import { mean } from '../experiments/statistics.ts';
import { inlineSvg, renderSvg } from './chart.ts';
import { extraFigure } from './extra-figure.ts';
import { type Html, type PageSection, strategyKey } from './html.ts';
import { isMatched } from './matched-rounds.ts';
import { count, figure, percent } from './number-format.ts';
import { ALL_STYLES, LIGHT, seriesStyles } from './palette.ts';
import { type NumberedFile, numberedFiles, PICTURE_BUDGET, readPicture, spread } from './pictures.ts';
import { type CellRecord, className, type RunRecord, readLines } from './run-record.ts';
import { linesSpec } from './small-charts.ts';

const MOST_PICTURE_BYTES = 180_000;
/** Pixels of a query grid shown at most: about five rows of queries. */
const MOST_GRID_HEIGHT = 1300;
/** First, middle and last round. */
const ROUNDS_SHOWN = 3;
const STEPS_SHOWN = 4;
/** Points of a training curve; a line is the mean of the steps it stands for. */
const CURVE_POINTS = 100;

/** Queries of the first, a middle and the last round of each strategy, on its first seed that has pictures. */
export async function queriesSection(run: RunRecord): Promise<PageSection> {
  const styles = seriesStyles(run.strategies);
  const chosen = await chooseQueryPictures(run);
  if (chosen.length === 0) {
    return { id: 'queries', title: 'Queries', body: html`<p>No picture of queries is recorded.</p>` };
  }
  const total = chosen.reduce((sum, { files }) => sum + files.length, 0);
  const maxBytes = Math.min(MOST_PICTURE_BYTES, PICTURE_BUDGET / total);
  const parts: Html[] = [];
  const synthesises = ({ rounds }: CellRecord) =>
    rounds.some((record) => record.synthesised !== undefined || isMatched(record));
  const openAll = chosen.length <= 2 || !chosen.some(({ cell }) => synthesises(cell));
  const matches = chosen.some(({ cell }) => cell.rounds.some(isMatched))
    ? ' Where a strategy buys pool images in place of those it synthesises, a row shows the synthesised image, the one bought and what else was near; the section on matches judges them.'
    : '';
  for (const { cell, files } of chosen) {
    const figures: Html[] = [];
    for (const file of files) figures.push(await queryFigure(run, cell, file, maxBytes));
    const extra = await extraFigure(cell, { maxHeight: MOST_GRID_HEIGHT, maxBytes });
    parts.push(html`<details${openAll || synthesises(cell) ? raw(' open') : ''}>
<summary>${strategyKey(cell.strategy, styles.get(cell.strategy))}, seed ${cell.seed}</summary>
<div class="queries">${figures}${extra}</div></details>`);
  }
  return {
    id: 'queries',
    title: 'Queries',
    body: html`<p class="note">Under each image stand the answer that was bought for it and its figures at the moment it was chosen.${matches} Every round of every seed lies in the run folder under cells/&lt;strategy&gt;/seed-&lt;n&gt;/queries/.</p>${parts}`,
  };
}

/** What each generator drew while it was trained, and its losses; null where no generator was trained. */
export async function generatorSection(run: RunRecord): Promise<PageSection | null> {
  const folders = await generatorFolders(path.join(run.dir, 'generators'));
  const parts: Html[] = [];
  // One generator a seed is trained alike; the first two speak for all.
  for (const folder of folders.slice(0, 2)) {
    const steps = spread(await numberedFiles(path.join(folder, 'grids'), 'step-', '.png'), STEPS_SHOWN);
    const maxBytes = Math.min(MOST_PICTURE_BYTES, PICTURE_BUDGET / (2 * Math.max(1, steps.length)));
    const samples: Html[] = [];
    for (const { number, file } of steps) {
      const { uri, width, height } = await readPicture(file, Number.MAX_SAFE_INTEGER, maxBytes);
      samples.push(
        html`<figure><img class="picture" src="${uri}" width="${width}" height="${height}" alt="Sample images of the generator after ${number} training steps"><figcaption>after ${count(number, 'step')}</figcaption></figure>`,
      );
    }
    const name = path.relative(path.join(run.dir, 'generators'), folder).split(path.sep).join(', ');
    parts.push(html`<h3>${name}</h3>
${samples.length > 0 ? html`<div class="samples">${samples}</div>` : ''}
${await trainingCharts(folder)}`);
  }
  if (parts.length === 0) return null;
  const others =
    folders.length > 2
      ? html`<p class="note">${count(folders.length - 2, 'more generator')} not shown.</p>`
      : '';
  return {
    id: 'generator',
    title: 'Generator',
    body: html`<p class="note">Samples from the same latents over training; they show what a latent search can find.</p>${parts}${others}`,
  };
}

async function chooseQueryPictures({
  strategies,
  cells,
}: RunRecord): Promise<{ cell: CellRecord; files: NumberedFile[] }[]> {
  const chosen: { cell: CellRecord; files: NumberedFile[] }[] = [];
  for (const { name } of strategies) {
    for (const cell of cells.filter(({ strategy }) => strategy === name)) {
      const files = (await numberedFiles(path.join(cell.folder, 'queries'), 'round-', '.png')).filter(
        ({ number }) => number > 0 && number < cell.rounds.length,
      );
      if (files.length === 0) continue;
      chosen.push({ cell, files: spread(files, ROUNDS_SHOWN) });
      break;
    }
  }
  return chosen;
}

async function queryFigure(
  run: RunRecord,
  { strategy, seed, rounds }: CellRecord,
  { number, file }: NumberedFile,
  maxBytes: number,
): Promise<Html> {
  const { uri, width, height, cropped } = await readPicture(file, MOST_GRID_HEIGHT, maxBytes);
  const record = rounds[number];
  const before = rounds[number - 1];
  const given = record?.answers ?? [];
  const answers = given.map(({ label }) => (label === null ? 'abstained' : className(run, label)));
  const labels = [...new Set(given.map(({ label }) => label))].sort(
    (one, other) => (one ?? Number.POSITIVE_INFINITY) - (other ?? Number.POSITIVE_INFINITY),
  );
  const tally = labels
    .map((wanted) => {
      const times = given.filter(({ label }) => label === wanted).length;
      return `${times} × ${wanted === null ? 'abstained' : className(run, wanted)}`;
    })
    .join(', ');
  const source = sourceOf(record);
  const alt = `${count(answers.length, 'image')} ${source} by ${strategy} in round ${number} of seed ${seed}. Answers in order: ${answers.slice(0, 50).join(', ')}.`;
  return html`<figure><div class="scroll" role="region" aria-label="Queries of ${strategy}, round ${number}" tabindex="0"><img class="picture" src="${uri}" width="${width}" height="${height}" alt="${alt}"></div>
<figcaption><strong>Round ${number}</strong>: ${source}, chosen by the model trained on ${before?.labels ?? 0} labels (test accuracy ${percent(before?.testAccuracy)}). Answers: ${tally}.${
    cropped ? ' Only the first rows are shown.' : ''
  }</figcaption></figure>`;
}

function sourceOf(record: CellRecord['rounds'][number] | undefined): string {
  if (record?.synthesised !== undefined) return 'synthesised';
  return record !== undefined && isMatched(record) ? 'matched from the pool' : 'picked from the pool';
}

/** Folders below `root` that hold sample grids or training metrics, by name. */
async function generatorFolders(root: string): Promise<string[]> {
  if (!existsSync(root)) return [];
  const entries = await readdir(root, { withFileTypes: true, recursive: true });
  const found = entries.flatMap((entry) => {
    const marks =
      (entry.isDirectory() && entry.name === 'grids') || (entry.isFile() && entry.name === 'metrics.jsonl');
    return marks ? [entry.parentPath] : [];
  });
  return [...new Set(found)].sort();
}

async function trainingCharts(folder: string): Promise<Html | string> {
  const metrics = await readLines<Record<string, unknown>>(path.join(folder, 'metrics.jsonl'));
  const losses = [...new Set(metrics.flatMap((line) => Object.keys(line)))].filter((key) =>
    /loss/i.test(key),
  );
  if (metrics.length < 2 || losses.length === 0) return '';
  const group = Math.ceil(metrics.length / CURVE_POINTS);
  const charts: Html[] = [];
  for (const [position, key] of losses.slice(0, 4).entries()) {
    const points = [];
    for (let start = 0; start < metrics.length; start += group) {
      const lines = metrics.slice(start, start + group);
      const numbers = (name: string) =>
        lines.flatMap((line) => (typeof line[name] === 'number' ? [line[name]] : []));
      points.push({ x: mean(numbers('step')) ?? start + (lines.length + 1) / 2, y: mean(numbers(key)) });
    }
    const colour = ALL_STYLES[1 + (position % (ALL_STYLES.length - 1))]?.light ?? LIGHT.ink;
    const spec = linesSpec([{ label: key, colour, points }], { xTitle: 'training step' });
    const title = key.replace(/([a-z0-9])([A-Z])/g, '$1 $2').toLowerCase();
    const alt = `${title} over training, from ${figure(points[0]?.y)} to ${figure(points.at(-1)?.y)}.`;
    charts.push(html`<figure><h4>${title}</h4>${raw(inlineSvg(await renderSvg(spec), alt))}</figure>`);
  }
  return html`<div class="charts">${charts}</div>`;
}
