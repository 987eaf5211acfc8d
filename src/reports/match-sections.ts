/**
 * The report's section on matches: how well the rows bought stand for what was synthesised, in figures, pairs and planes.
 */
import { html, raw } from 'hono/html';
import { inlineSvg, renderSvg } from './chart.ts';
import { facts, type Html, type PageSection, strategyKey, table } from './html.ts';
import { type MatchFigures, matchFigures, matchSentences, ratio } from './match-figures.ts';
import { extremePairs, type MatchPair } from './match-pairs.ts';
import { PLANE_MARKS, planeSpec } from './match-plane.ts';
import {
  faultsSentence,
  isMatched,
  type MatchedRoundRecord,
  type MatchedRounds,
  readMatchedRounds,
} from './matched-rounds.ts';
import { count, figure, NARROW_SPACE, percent } from './number-format.ts';
import { ALL_STYLES, type SeriesStyle, seriesStyles } from './palette.ts';
import { PICTURE_BUDGET, spread } from './pictures.ts';
import { className, type RunRecord } from './run-record.ts';

/** Nearest, and farthest, pairs of a strategy. */
const PAIRS_SHOWN = 8;
/** What all pairs of a page may take, in bytes. */
const PAIRS_BUDGET = PICTURE_BUDGET / 6;
/** First, middle and last round. */
const ROUNDS_SHOWN = 3;

const FIGURES_EXPLAINED = [
  [
    'label agreement',
    'Of the queries in which the reference reads a class (“queries read”), the share whose match turned out to be of that class.',
  ],
  [
    'uncertainty kept',
    `Of what the search gained over the samples it started from, the share left in the rows bought; 100${NARROW_SPACE}% if nothing was lost, below 0 if they are less uncertain than the samples.`,
  ],
  [
    'distance ratio',
    'Median distance to the match over the median distance of a pool image to its nearest other one; near 1 if synthesised images lie among the pool.',
  ],
  ['collisions', 'Queries whose first choice went to another query of the round.'],
] as const;

/** Everything about matches; null where no strategy bought rows in place of synthesised images. */
export async function matchesSection(run: RunRecord): Promise<PageSection | null> {
  const styles = seriesStyles(run.strategies);
  const matching = run.strategies.flatMap(({ name }) => {
    const cells = run.cells.filter(({ strategy }) => strategy === name);
    return cells.some(({ rounds }) => rounds.some(isMatched)) ? [{ name, cells }] : [];
  });
  if (matching.length === 0) return null;
  const figures = matching.map(({ name, cells }) => matchFigures(name, cells));
  const maxBytes = PAIRS_BUDGET / (2 * PAIRS_SHOWN * matching.length);
  const parts: Html[] = [];
  for (const { name, cells } of matching) {
    const matches = await readMatchedRounds(cells);
    parts.push(html`<h3>${strategyKey(name, styles.get(name))}</h3>
${await strategyMatches(run, name, matches, maxBytes)}`);
  }
  return {
    id: 'matches',
    title: 'Matches',
    body: html`<p>${matchSentences(figures).join(' ')}</p>
${figuresTable(figures, styles)}
${parts}`,
  };
}

function figuresTable(figures: readonly MatchFigures[], styles: ReadonlyMap<string, SeriesStyle>): Html {
  return html`${table(
    'How well matches stand for what was synthesised',
    [
      { title: 'strategy' },
      { title: 'label agreement' },
      { title: 'queries read' },
      { title: 'uncertainty kept' },
      { title: 'distance ratio' },
      { title: 'collisions' },
      { title: 'rounds' },
      { title: 'seeds' },
    ],
    figures.map((one) => [
      strategyKey(one.strategy, styles.get(one.strategy)),
      percent(one.labelAgreement),
      `${one.answered}`,
      percent(one.uncertaintyKept, 0),
      ratio(one.matchDistanceRatio),
      percent(one.collisionRate),
      `${one.rounds}`,
      `${one.seeds}`,
    ]),
  )}
<p class="note">Means over rounds and seeds. Distances depend on the features, so between strategies compare their ratio.</p>
${facts(FIGURES_EXPLAINED)}`;
}

async function strategyMatches(
  run: RunRecord,
  name: string,
  { rounds, faults }: MatchedRounds,
  maxBytes: number,
): Promise<Html> {
  const pairs = await extremePairs(rounds, { most: PAIRS_SHOWN, maxBytes });
  const missing = faultsSentence([...faults, ...pairs.faults]);
  const seeds = new Set(rounds.map(({ cell }) => cell.seed)).size;
  const over = `${count(rounds.length, 'round')} of ${count(seeds, 'seed')}`;
  return html`${missing === null ? '' : html`<p class="note">${missing}</p>`}
${pairsFigure(run, 'Nearest pairs', `The least distances in ${over}: left the synthesised image, right the one bought.`, pairs.nearest)}
${pairsFigure(run, 'Farthest pairs', `The largest distances in ${over}.`, pairs.farthest)}
${await planeFigures(name, rounds)}`;
}

function pairsFigure(
  run: RunRecord,
  title: string,
  explanation: string,
  pairs: readonly MatchPair[],
): Html | string {
  if (pairs.length === 0) return '';
  return html`<h4>${title}</h4>
<p class="note">${explanation}</p>
<div class="pairs">${pairs.map((pair) => pairFigure(run, pair))}</div>`;
}

function pairFigure(run: RunRecord, { picture, distance, label, reading, seed, round }: MatchPair): Html {
  const { uri, width, height } = picture;
  const bought = label === null ? 'not labelled' : className(run, label);
  const read =
    reading === undefined
      ? 'synthesised'
      : reading === null
        ? 'looks like nothing'
        : `looks like ${className(run, reading)}`;
  const alt = `A synthesised image (${read}) beside the pool image bought in its place (${bought}), at distance ${figure(distance)}.`;
  const differs = reading != null && reading !== label;
  return html`<figure><img class="picture" src="${uri}" width="${width}" height="${height}" alt="${alt}">
<figcaption>${read} → <strong${differs ? raw(' class="failed"') : ''}>${bought}</strong><br>distance ${figure(distance)}<br>seed ${seed}, round ${round}</figcaption></figure>`;
}

async function planeFigures(name: string, rounds: readonly MatchedRoundRecord[]): Promise<Html | string> {
  const seed = rounds[0]?.cell.seed;
  const shown = spread(
    rounds.filter(({ cell }) => cell.seed === seed),
    ROUNDS_SHOWN,
  );
  if (shown.length === 0) return '';
  const charts: Html[] = [];
  for (const record of shown) {
    const { plane, queries, round } = record;
    const alt = `Features of ${name} in round ${round} of seed ${seed}, in the plane of their first two components: ${count(plane.candidates.length, 'candidate')}, ${count(plane.labelled.length, 'labelled image')} and ${count(queries.length, 'synthesised image')}, each with a line to the image bought in its place.`;
    charts.push(html`<figure><h4>Round ${round}, seed ${seed}</h4>
${raw(inlineSvg(await renderSvg(planeSpec(record)), alt))}</figure>`);
  }
  return html`<h4>Where they lie</h4>
<p class="note">The plane of the first two principal components of the features, the same in all rounds but for features of the task model; a line leads from each synthesised image to the one bought. Lines are no longer than the distances they stand for: what parts a pair in the other components is not seen.</p>
<ul class="legend">${Object.values(PLANE_MARKS).map(({ label, colour, shape }) => html`<li>${strategyKey(label, legendStyle(colour, shape))}</li>`)}</ul>
<div class="charts">${charts}</div>`;
}

function legendStyle(colour: string, shape: SeriesStyle['shape']): SeriesStyle {
  return { light: colour, dark: ALL_STYLES.find(({ light }) => light === colour)?.dark ?? colour, shape };
}
