/**
 * The charts of strategies with a discriminator: their figures over rounds, the code's dimensions, the scores, the classes.
 */
import { html, raw } from 'hono/html';
import type { TopLevelSpec } from 'vega-lite';
import { CHART_CONFIG, inlineSvg, renderSvg, themeVariable } from './chart.ts';
import type { Html } from './html.ts';
import { figure, MISSING, percent } from './number-format.ts';
import { ALL_STYLES, LIGHT } from './palette.ts';
import { type CellRecord, className, type RunRecord } from './run-record.ts';
import { type ChartLine, type ChartPoint, linesSpec, type SmallChartOptions } from './small-charts.ts';
import { lastRound, meanList, seriesOver, vaalFigures } from './vaal-figures.ts';

const COLOURS = {
  own: ALL_STYLES[1]?.light ?? LIGHT.ink,
  other: ALL_STYLES[2]?.light ?? LIGHT.ink,
  third: ALL_STYLES[3]?.light ?? LIGHT.ink,
  reference: LIGHT.muted,
} as const;
/** Classes drawn at most: those bought most often. */
const CLASSES_SHOWN = 20;

/** All charts of one strategy's cells that its records allow, a figure each. */
export async function vaalCharts(
  run: RunRecord,
  name: string,
  cells: readonly CellRecord[],
): Promise<Html[]> {
  const { latentSize } = vaalFigures(name, cells);
  const charts = [
    await overRounds(name, cells, {
      title: 'AUC of the discriminator',
      explanation:
        'Of a random pair of held-out images, the chance that the labelled one scores higher; dashed ½, where it tells nothing apart.',
      lines: [{ key: 'discriminatorAuc', label: 'AUC', colour: COLOURS.own }],
      at: { label: 'chance', value: 0.5 },
      options: { yDomain: [0, 1] },
    }),
    await overRounds(name, cells, {
      title: 'Loss of the discriminator',
      explanation: 'On held-out images, in nats; dashed ln 2, its loss by chance.',
      lines: [{ key: 'discriminatorLoss', label: 'loss', colour: COLOURS.own }],
      at: { label: 'chance', value: Math.LN2 },
    }),
    await overRounds(name, cells, {
      title: 'Active units',
      explanation: 'Dimensions of the code whose mean varies over images by more than 0.01.',
      lines: [{ key: 'activeUnits', label: 'active units', colour: COLOURS.own }],
      ...(latentSize !== null && { options: { yDomain: [0, latentSize] as const } }),
    }),
    await overRounds(name, cells, {
      title: 'Overlap of the batch',
      explanation:
        'Share of the batch that entropy of the task model, and a uniform draw, would have bought too. The draw knows nothing of the choice, so its line lies about chance whatever the strategy; only entropy’s says something.',
      lines: [
        { key: 'overlapEntropy', label: 'entropy', colour: COLOURS.own },
        { key: 'overlapRandom', label: 'a draw', colour: COLOURS.other },
        { key: 'overlapChance', label: 'chance', colour: COLOURS.reference },
      ],
      options: { yFormat: '.0%' },
    }),
    await unitsChart(name, cells),
    await scoresChart(name, cells),
    await classesChart(run, name, cells),
  ];
  return charts.filter((chart) => chart !== null);
}

interface OverRounds {
  readonly title: string;
  readonly explanation: string;
  readonly lines: readonly { readonly key: string; readonly label: string; readonly colour: string }[];
  /** A value to compare with, the same in every round. */
  readonly at?: { readonly label: string; readonly value: number };
  readonly options?: Omit<SmallChartOptions, 'xTitle'>;
}

async function overRounds(
  name: string,
  cells: readonly CellRecord[],
  { title, explanation, lines: wanted, at, options }: OverRounds,
): Promise<Html | null> {
  const told = wanted.flatMap(({ key, label, colour }) => {
    const series = seriesOver(cells, key);
    if (series === null) return [];
    const dashed = colour === COLOURS.reference;
    return [{ label, colour, dashed, points: series.mean, behind: dashed ? [] : series.perSeed }];
  });
  const [first] = told;
  if (first === undefined) return null;
  const level =
    at === undefined
      ? []
      : [
          {
            label: at.label,
            colour: COLOURS.reference,
            dashed: true,
            points: first.points.map(({ x }) => ({ x, y: at.value })),
          },
        ];
  return lineFigure(name, { title, explanation, lines: [...level, ...told], xTitle: 'round', ...options });
}

/** The divergence of each dimension in the last round, largest first. */
async function unitsChart(name: string, cells: readonly CellRecord[]): Promise<Html | null> {
  const last = lastRound(cells);
  const units = last && meanList(last.records, 'divergencePerUnit', (values) => values.sort((a, b) => b - a));
  if (last === undefined || units == null) return null;
  const points = units.map((y, at) => ({ x: at + 1, y }));
  return lineFigure(name, {
    title: 'Divergence of each dimension',
    explanation: `KL(q(z|x) ‖ p(z)) in nats over held-out unlabelled images, in round ${last.round}, the largest first; a collapsed code lies at 0.`,
    lines: [{ label: 'divergence', colour: COLOURS.own, points }],
    xTitle: 'dimension of the code',
    // A tenth of a nat at least, so that an empty code is seen to lie at 0.
    yDomain: [0, Math.max(0.1, ...units)],
  });
}

const GROUPS = [
  { key: 'scoreHistogramLabelled', label: 'labelled, held out', colour: COLOURS.other },
  { key: 'scoreHistogram', label: 'unlabelled', colour: COLOURS.own },
  { key: 'scoreHistogramSelected', label: 'selected', colour: COLOURS.third },
] as const;

/** The scores of the last round, in ten bins. */
async function scoresChart(name: string, cells: readonly CellRecord[]): Promise<Html | null> {
  const last = lastRound(cells);
  if (last === undefined) return null;
  const lines = GROUPS.flatMap(({ key, label, colour }) => {
    const shares = meanList(last.records, key);
    if (shares === null) return [];
    return [
      { label, colour, points: shares.map((y, bin) => ({ x: (100 * (bin + 0.5)) / shares.length, y })) },
    ];
  });
  if (lines.length === 0) return null;
  return lineFigure(name, {
    title: 'Scores',
    explanation: `Shares of the images by their probability of “labelled”, in ten bins, round ${last.round}; the lowest are bought.`,
    lines,
    xTitle: 'probability of “labelled”, %',
    yFormat: '.0%',
  });
}

async function lineFigure(
  name: string,
  {
    title,
    explanation,
    lines,
    ...options
  }: SmallChartOptions & {
    readonly title: string;
    readonly explanation: string;
    readonly lines: readonly ChartLine[];
  },
): Promise<Html> {
  const ends = lines.map(({ label, points }) => `${label} from ${endsOf(points)}`).join('; ');
  const alt = `${title} of ${name}, by ${options.xTitle}: ${ends}.`;
  return html`<figure><h4>${title}</h4>
${
  lines.length === 1
    ? ''
    : html`<ul class="legend">${lines.map(({ label, colour, dashed }) => html`<li>${swatch(colour, dashed ?? false)}${label}</li>`)}</ul>`
}
${raw(inlineSvg(await renderSvg(linesSpec(lines, options)), alt))}
<figcaption>${explanation}</figcaption></figure>`;
}

/** How often each class was bought, as a share of all answers, beside an equal share. */
async function classesChart(
  run: RunRecord,
  name: string,
  cells: readonly CellRecord[],
): Promise<Html | null> {
  const labels = cells.flatMap(({ rounds }) =>
    rounds.slice(1).flatMap(({ answers }) => answers.flatMap(({ label }) => label ?? [])),
  );
  if (labels.length === 0) return null;
  const known = Math.max(run.classNames.length, ...labels.map((label) => label + 1));
  const all = Array.from({ length: known }, (_, label) => ({
    name: className(run, label),
    share: labels.filter((other) => other === label).length / labels.length,
  }));
  const shown =
    known <= CLASSES_SHOWN ? all : all.toSorted((a, b) => b.share - a.share).slice(0, CLASSES_SHOWN);
  const alt = `Classes bought by ${name}: ${shown.map((one) => `${one.name} ${percent(one.share)}`).join(', ')}.`;
  return html`<figure><h4>Classes bought</h4>
${raw(inlineSvg(await renderSvg(classesSpec(shown, 1 / known)), alt))}
<figcaption>Shares of the answers in all rounds and seeds${
    known > shown.length ? `, the ${shown.length} most frequent of ${known} classes` : ''
  }; dashed an equal share.</figcaption></figure>`;
}

/** Bars of named shares, and a dashed line. */
export function classesSpec(
  classes: readonly { readonly name: string; readonly share: number }[],
  level: number,
): TopLevelSpec {
  const x = {
    type: 'quantitative' as const,
    scale: { zero: true, nice: true },
    axis: { title: null, tickCount: 4, format: '.0%' },
  };
  return {
    $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
    config: { ...CHART_CONFIG, background: LIGHT.background },
    width: 230,
    height: Math.max(60, 19 * classes.length),
    autosize: { type: 'pad' },
    layer: [
      {
        data: { values: [...classes] },
        mark: { type: 'bar', color: COLOURS.own },
        encoding: {
          x: { ...x, field: 'share' },
          y: {
            field: 'name',
            type: 'nominal',
            sort: null,
            axis: { title: null, ticks: false, grid: false, labelLimit: 90 },
          },
        },
      },
      {
        data: { values: [{ share: level }] },
        mark: { type: 'rule', color: LIGHT.ink, strokeDash: [5, 4] },
        encoding: { x: { ...x, field: 'share' } },
      },
    ],
  } as TopLevelSpec;
}

function endsOf(points: readonly ChartPoint[]): string {
  const [first, last] = [points[0], points.at(-1)];
  return first === undefined ? MISSING : `${figure(first.y)} to ${figure(last?.y)}`;
}

function swatch(colour: string, dashed: boolean): Html {
  const dash = dashed ? ' stroke-dasharray="6 4"' : '';
  return raw(
    `<svg viewBox="0 0 26 11" aria-hidden="true"><path d="M0 5.5H26" fill="none" stroke="${themeVariable(colour)}" stroke-width="2.5"${dash}/></svg>`,
  );
}
