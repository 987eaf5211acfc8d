/**
 * What the task model of a run learnt from unlabelled images: part of the protocol, which all its strategies share.
 */
import { html } from 'hono/html';
import { UnlabelledConfig } from '../acquisition/unlabelled/config.ts';
import { mean } from '../experiments/statistics.ts';
import { type PageSection, strategyKey, table } from './html.ts';
import { figure, MISSING, percent } from './number-format.ts';
import { seriesStyles } from './palette.ts';
import type { CellRecord, RunConfig, RunRecord } from './run-record.ts';

/** `, pre-trained by …, with pseudo-labels by …`; empty if unlabelled images were not used. */
export function unlabelledWords(config: RunConfig): string {
  const used = usedOf(config);
  const parts = [
    used?.pretraining && `pre-trained by ${used.pretraining.kind}`,
    used?.pseudoLabels && `with pseudo-labels by ${used.pseudoLabels.kind}`,
  ].filter((part) => part !== undefined);
  return parts.map((part) => `, ${part}`).join('');
}

/** What was learnt, from how many images, and how right the pseudo-labels were; null if unlabelled images were not used. */
export function unlabelledSection(run: RunRecord): PageSection | null {
  const used = usedOf(run.config);
  if (used === undefined) return null;
  const { pretraining, pseudoLabels } = used;
  const clusters = (pretraining?.clustersPerClass ?? 0) * run.classNames.length;
  const before =
    pretraining === undefined
      ? ''
      : html`<p>Before the first round, once a seed, the network learnt ${clusters > 0 ? `${clusters} ` : ''}clusters of its own features of all pool images, ${pretraining.epochs} times anew (DeepCluster). Every training of every strategy starts from what it had learnt by then, under a new last layer.</p>`;
  const labels =
    pseudoLabels === undefined
      ? ''
      : html`<p>In every round the network is trained on the labelled images, gives labels to others of the pool (${
          pseudoLabels.kind === 'confidence'
            ? `those with a class of probability ${pseudoLabels.threshold} or more`
            : `${percent(pseudoLabels.share)} of them, drawn by how surely a label reaches them along a graph of ${pseudoLabels.neighbours} neighbours`
        }), and is trained anew on both; ${percent(pseudoLabels.labelledShare)} of each mini-batch is labelled images. Nobody is asked or paid for these labels, and the next round forgets them.</p>${rightTable(run)}`;
  return {
    id: 'unlabelled',
    title: 'Unlabelled images',
    body: html`<p>The same for every strategy, as the rest of the protocol: a difference between strategies is not due to it. Runs that differ in it do not compare.</p>${before}${labels}`,
  };
}

function usedOf(config: RunConfig): UnlabelledConfig | undefined {
  const parsed = UnlabelledConfig.safeParse(config.unlabelled);
  return parsed.success ? parsed.data : undefined;
}

function rightTable(run: RunRecord) {
  const styles = seriesStyles(run.strategies);
  const rows = run.strategies.map(({ name }) => {
    const cells = run.cells.filter(({ strategy }) => strategy === name);
    const [first, last] = [
      figuresOf(cells, (rounds) => rounds[0]),
      figuresOf(cells, (rounds) => rounds.at(-1)),
    ];
    const shown = ({ count, right }: typeof first) => [
      count === null ? MISSING : figure(count),
      right === null ? MISSING : percent(right),
    ];
    return [strategyKey(name, styles.get(name)), ...shown(first), ...shown(last)];
  });
  return html`${table(
    'Pseudo-labels of each strategy',
    [
      { title: 'strategy' },
      { title: 'first round' },
      { title: 'of them right' },
      { title: 'last round' },
      { title: 'of them right' },
    ],
    rows,
  )}
<p class="note">Means over the seeds. How many are right is known to this page alone, neither to the network nor to a strategy.</p>`;
}

function figuresOf(
  cells: readonly CellRecord[],
  pick: (rounds: CellRecord['rounds']) => CellRecord['rounds'][number] | undefined,
): { readonly count: number | null; readonly right: number | null } {
  const of = (key: string): number | null => {
    const values = cells
      .map(({ rounds }) => pick(rounds)?.diagnostics[key])
      .filter((value) => typeof value === 'number');
    return values.length === 0 ? null : mean(values);
  };
  return { count: of('pseudoLabels'), right: of('pseudoLabelsRight') };
}
