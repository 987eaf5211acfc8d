/**
 * The report's second half, figures: what the oracle is worth, what strategies said of themselves, where the
 * time went.
 */
import { html, raw } from 'hono/html';
import type { TimingRecord } from '../acquisition/round-record.ts';
import { mean } from '../experiments/statistics.ts';
import { inlineSvg, renderSvg, themeVariable } from './chart.ts';
import { answerTable, type DiagnosticGroup, strategyDiagnostics } from './diagnostics.ts';
import { type Html, type PageSection, strategyKey, table } from './html.ts';
import { bytes, count, duration, figure, percent } from './number-format.ts';
import { oracleSentences } from './oracle-words.ts';
import { ALL_STYLES, LIGHT, type SeriesStyle, seriesStyles } from './palette.ts';
import { type CellRecord, className, type RunRecord } from './run-record.ts';
import { type ChartLine, linesSpec, stackedBarsSpec } from './small-charts.ts';

const PHASES = [
  { key: 'trainMs', label: 'train the task model', colour: ALL_STYLES[1]?.light ?? LIGHT.ink },
  { key: 'generateMs', label: 'synthesise queries', colour: ALL_STYLES[2]?.light ?? LIGHT.ink },
  { key: 'matchMs', label: 'match to the pool', colour: ALL_STYLES[3]?.light ?? LIGHT.ink },
  { key: 'scoreMs', label: 'score the pool', colour: ALL_STYLES[0]?.light ?? LIGHT.ink },
  { key: 'diagnosticsMs', label: 'figures for this page', colour: ALL_STYLES[4]?.light ?? LIGHT.ink },
] as const;

/** Most classes for which every one gets a column, asked for or not. */
const FEW_CLASSES = 20;

/** Who answered, and how far the answers can be trusted. */
export function oracleSection({ config, manifest, cells }: RunRecord): PageSection {
  const truth = html`<p>${oracleSentences(config).join(' ')}</p>`;
  const synthesised = cells.some(({ rounds }) => rounds.some((record) => record.synthesised !== undefined));
  if (!synthesised) return { id: 'oracle', title: 'Oracle', body: truth };
  const oracle = manifest?.oracle;
  if (oracle == null) {
    return {
      id: 'oracle',
      title: 'Oracle',
      body: html`${truth}<p>Synthesised images were answered by a reference classifier whose accuracy is not recorded, so how far its answers can be trusted is unknown.</p>`,
    };
  }
  const { testAccuracy, testAbstentions, testImages, trainImages, trainClasses, minConfidence } = oracle;
  const training =
    trainImages === undefined
      ? ''
      : ` It was trained on ${trainImages.toLocaleString('en')} labelled images${trainClasses === undefined ? '' : ` of ${count(trainClasses, 'class', 'classes')}`}, whose labels no strategy sees.`;
  const abstentions =
    testAbstentions === undefined
      ? ''
      : ` and abstains on ${percent(testAbstentions)} of them${minConfidence === undefined ? '' : ` (below a confidence of ${minConfidence})`}`;
  return {
    id: 'oracle',
    title: 'Oracle',
    body: html`${truth}
<p>Synthesised images have no true label. A reference classifier answers for a person: on ${
      testImages === undefined ? '' : `${testImages.toLocaleString('en')} `
    }real test images it was not trained on, it is right on <strong>${percent(testAccuracy, 2)}</strong> of those it reads${abstentions}.${training}</p>
<p>This limits a strategy that learns from synthesised images: about ${percent(1 - testAccuracy, 2)} of its answers would be wrong even if the images looked like real ones, and images near a decision boundary are harder than those.</p>`,
  };
}

/** Each strategy's own figures over the rounds. */
export async function diagnosticsSection(run: RunRecord): Promise<PageSection> {
  const styles = seriesStyles(run.strategies);
  const parts: Html[] = [];
  for (const { name } of run.strategies) {
    const cells = run.cells.filter((cell) => cell.strategy === name && cell.rounds.length > 1);
    const { groups, constants } = strategyDiagnostics(cells);
    const charts: Html[] = [];
    for (const group of groups) charts.push(await groupChart(name, group, styles.get(name)));
    parts.push(html`<h3>${strategyKey(name, styles.get(name))}</h3>
${cells.length === 0 ? html`<p class="note">No round is recorded.</p>` : ''}
${charts.length > 0 ? html`<div class="charts">${charts}</div>` : ''}
${
  constants.length > 0
    ? html`<p class="note">The same in every round: ${constants.map(({ key, value }) => `${key} ${value}`).join(', ')}.</p>`
    : ''
}
${cells.length > 0 ? answersDetails(name, cells, run) : ''}`);
  }
  return {
    id: 'diagnostics',
    title: 'What each strategy did',
    body: html`<p class="note">By round; bold lines are means over seeds, thin ones single seeds.</p>${parts}`,
  };
}

/** Time by phase, and memory. */
export async function timeSection(run: RunRecord): Promise<PageSection> {
  const styles = seriesStyles(run.strategies);
  const timed = run.strategies.flatMap(({ name }) => {
    const cells = run.cells.filter((cell) => cell.strategy === name && cell.timings.length > 0);
    return cells.length === 0 ? [] : [{ name, cells, bars: meanTimings(cells) }];
  });
  if (timed.length === 0) {
    return { id: 'time', title: 'Time and memory', body: html`<p>No timing is recorded.</p>` };
  }
  const used = PHASES.filter(({ key }) =>
    timed.some(({ cells }) => cells.some(({ timings }) => timings.some((timing) => (timing[key] ?? 0) > 0))),
  );
  const highest = Math.max(
    ...timed.flatMap(({ bars }) =>
      bars.map((bar) => used.reduce((sum, { key }) => sum + (bar[key] ?? 0), 0)),
    ),
  );
  const charts: Html[] = [];
  for (const { name, bars } of timed) {
    const spec = stackedBarsSpec(
      {
        parts: used,
        bars: bars.map((bar) => ({ x: bar.round, values: used.map(({ key }) => (bar[key] ?? 0) / 1000) })),
      },
      { xTitle: 'round', yDomain: [0, (highest / 1000) * 1.05] },
    );
    const alt = `Seconds a round of ${name}, by phase; the table has the sums.`;
    charts.push(
      html`<figure><h4>${strategyKey(name, styles.get(name))}, seconds a round</h4>${raw(inlineSvg(await renderSvg(spec), alt))}</figure>`,
    );
  }
  return {
    id: 'time',
    title: 'Time and memory',
    body: html`<div class="charts">${charts}</div>
<ul class="legend small">${used.map(({ label, colour }) => html`<li>${swatch(colour, false, true)}${label}</li>`)}</ul>
${table(
  'Time and memory of each strategy',
  [
    { title: 'strategy' },
    ...used.map(({ label }) => ({ title: label })),
    { title: 'whole run' },
    { title: 'peak memory' },
  ],
  timed.map(({ name, cells }) => {
    const sums = used.map(({ key }) =>
      mean(cells.map(({ timings }) => timings.reduce((sum, timing) => sum + (timing[key] ?? 0), 0))),
    );
    const peak = Math.max(...cells.flatMap(({ timings }) => timings.map(({ rssBytes }) => rssBytes)));
    return [
      strategyKey(name, styles.get(name)),
      ...sums.map((ms) => duration(ms === 0 ? null : ms)),
      duration(sums.reduce<number>((sum, ms) => sum + (ms ?? 0), 0)),
      bytes(peak),
    ];
  }),
)}
<p class="note">Times are sums over the rounds of a seed, averaged over the seeds; training a shared generator is not among them. Memory is the most the process held at once.</p>`,
  };
}

async function groupChart(
  name: string,
  group: DiagnosticGroup,
  style: SeriesStyle | undefined,
): Promise<Html> {
  const colours = [LIGHT.muted, style?.light ?? LIGHT.ink, ALL_STYLES[3]?.light ?? LIGHT.ink];
  const single = group.series.length === 1;
  const lines: ChartLine[] = group.series.map(({ label, mean: points, perSeed }, position) => ({
    label,
    colour: (single ? style?.light : colours[position % colours.length]) ?? LIGHT.ink,
    dashed: !single && position !== 1,
    points,
    behind: perSeed,
  }));
  const spec = linesSpec(lines, {
    xTitle: 'round',
    ...(group.share ? { yDomain: [0, 1] as const, yFormat: '.0%' } : {}),
  });
  const ends = group.series.map(({ label, mean: points }) => {
    const [first, last] = [points[0], points.at(-1)];
    return `${label} from ${figure(first?.y)} to ${figure(last?.y)}`;
  });
  const alt = `${group.title} of ${name} by round: ${ends.join('; ')}.`;
  return html`<figure><h4>${group.title}</h4>
${
  single
    ? ''
    : html`<ul class="legend">${lines.map(({ label, colour, dashed }) => html`<li>${swatch(colour, dashed ?? false, false)}${label}</li>`)}</ul>`
}
${raw(inlineSvg(await renderSvg(spec), alt))}
<figcaption>${group.explanation}</figcaption></figure>`;
}

function answersDetails(name: string, cells: readonly CellRecord[], run: RunRecord): Html {
  const known = run.classNames.length <= FEW_CLASSES ? run.classNames.length : 0;
  const { labels, rounds } = answerTable(cells, known);
  const asked = rounds.slice(1);
  const totals = labels.map((label, column) => {
    const answered = asked.reduce((sum, { counts }) => sum + (counts[column] ?? 0), 0);
    return `${className(run, label)}: ${answered}`;
  });
  const abstentions = asked.reduce((sum, round) => sum + round.abstentions, 0);
  const rows = rounds.map(({ round, counts, abstentions: refused }) => [
    round === 0 ? 'initial set' : `${round}`,
    ...counts.map(String),
    `${refused}`,
  ]);
  return html`<details><summary>Answers by class</summary>
<p class="note">Over ${count(cells.length, 'seed')}, rounds 1 to ${rounds.length - 1}: ${totals.join(', ')}; abstained: ${abstentions}.</p>
${table(
  `Answers to ${name} by round`,
  [{ title: 'round' }, ...labels.map((label) => ({ title: className(run, label) })), { title: 'abstained' }],
  rows,
)}</details>`;
}

function meanTimings(cells: readonly CellRecord[]): TimingRecord[] {
  const longest = Math.max(...cells.map(({ timings }) => timings.length));
  return Array.from({ length: longest }, (_, round) => {
    const present = cells.flatMap(({ timings }) => timings[round] ?? []);
    const average = (key: keyof TimingRecord) => mean(present.map((timing) => timing[key] ?? 0)) ?? 0;
    return {
      round,
      trainMs: average('trainMs'),
      generateMs: average('generateMs'),
      matchMs: average('matchMs'),
      scoreMs: average('scoreMs'),
      diagnosticsMs: average('diagnosticsMs'),
      rssBytes: average('rssBytes'),
    };
  });
}

function swatch(colour: string, dashed: boolean, solid: boolean): Html {
  const stroke = `stroke="${themeVariable(colour)}" stroke-width="${solid ? 9 : 2.5}"`;
  const dash = dashed ? ' stroke-dasharray="6 4"' : '';
  return raw(
    `<svg viewBox="0 0 26 11" aria-hidden="true"><path d="M0 5.5H26" fill="none" ${stroke}${dash}/></svg>`,
  );
}
