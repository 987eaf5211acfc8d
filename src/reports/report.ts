/**
 * Writes everything a person reads about a run: one page that needs nothing but itself, the learning curve,
 * and the figures as JSON and CSV.
 */
import path from 'node:path';
import { html } from 'hono/html';
import { writeFileAtomic } from '../atomic-write.ts';
import { runPaths } from '../experiments/run-folder.ts';
import { confusionSection } from './confusion-section.ts';
import { writeLearningCurve } from './curve-files.ts';
import { type Html, renderPage } from './html.ts';
import { matchesSection } from './match-sections.ts';
import { count, list } from './number-format.ts';
import { generatorSection, queriesSection } from './picture-sections.ts';
import { diagnosticsSection, oracleSection, timeSection } from './process-sections.ts';
import { provenanceSection } from './provenance-section.ts';
import { curveSection, pairsSection, strategiesSection, summarySection } from './result-sections.ts';
import { type Results, resultsOf, writeResults } from './results.ts';
import { type RunRecord, readRun } from './run-record.ts';
import { stoppingSection } from './stopping-section.ts';
import { unlabelledSection, unlabelledWords } from './unlabelled-section.ts';
import { vaalSection } from './vaal-sections.ts';
import { gapsSentence, unequalBudgetsSentence, unequalStartsSentence } from './verdict.ts';

export interface WrittenReport {
  /** The page, `<run>/report/index.html`. */
  readonly html: string;
  readonly results: Results;
}

/**
 * Reads a run folder, finished or not, and writes `report/`: `index.html`, `results.json`, `results.csv`,
 * `learning-curve.svg`, `.png` and `.vl.json`. Each file is replaced in one step; the page comes last.
 *
 * The same run folder gives the same bytes. Nothing outside `report/` is changed.
 */
export async function writeReport(runDir: string): Promise<WrittenReport> {
  const run = await readRun(runDir);
  const results = resultsOf(run);
  const page = runPaths.report(runDir);
  const folder = path.dirname(page);
  await writeResults(folder, run, results);
  await writeLearningCurve(folder, results);
  await writeFileAtomic(page, await reportPage(run, results));
  return { html: page, results };
}

/** The page as text. */
export async function reportPage(run: RunRecord, results: Results): Promise<string> {
  const matches = await matchesSection(run);
  const discriminators = await vaalSection(run, results);
  const generator = await generatorSection(run);
  const confusions = confusionSection(run);
  const stopping = stoppingSection(run);
  const unlabelled = unlabelledSection(run);
  return renderPage({
    title: results.name,
    subtitle: subtitle(run, results),
    warning: warning(run, results),
    sections: [
      summarySection(results),
      await curveSection(results),
      strategiesSection(results),
      pairsSection(results),
      ...(confusions === null ? [] : [confusions]),
      oracleSection(run),
      ...(stopping === null ? [] : [stopping]),
      ...(unlabelled === null ? [] : [unlabelled]),
      await diagnosticsSection(run),
      await queriesSection(run),
      ...(matches === null ? [] : [matches]),
      ...(discriminators === null ? [] : [discriminators]),
      ...(generator === null ? [] : [generator]),
      await timeSection(run),
      provenanceSection(run),
    ],
    footer: html`<p>The figures of this page are in results.json and results.csv beside it, the curve in learning-curve.svg, .png and, to restyle it, .vl.json.</p>`,
  });
}

function subtitle(
  { config, classNames }: RunRecord,
  { dataset, batch, rounds, seeds, strategies }: Results,
): string {
  const classes = classNames.length > 0 && classNames.length <= 10 ? ` (classes ${list(classNames)})` : '';
  const initial = config.initial === undefined ? '' : `${config.initial.size} labels to start with, then `;
  const model =
    config.classifier === undefined ? '' : `, task model ${config.classifier.kind}${unlabelledWords(config)}`;
  return `${dataset}${classes}: ${count(strategies.length, 'strategy', 'strategies')} on ${count(seeds.length, 'seed')}; ${initial}${count(rounds, 'round')} of ${count(batch, 'query', 'queries')}${model}.`;
}

function warning({ manifest }: RunRecord, results: Results): Html | null {
  const gaps = gapsSentence(results);
  const unequal = unequalStartsSentence(results);
  const budgets = gaps === null ? unequalBudgetsSentence(results) : null;
  if (gaps === null && unequal === null && budgets === null) return null;
  const status = manifest?.status;
  const state = status === undefined ? '' : ` Status in the manifest: ${status}.`;
  return html`<div class="warning" role="note">${gaps === null ? '' : html`<p>${gaps}${state}</p>`}${
    unequal === null ? '' : html`<p>${unequal}</p>`
  }${budgets === null ? '' : html`<p>${budgets}</p>`}</div>`;
}
