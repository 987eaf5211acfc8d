/**
 * The table and the chart of reproduce-m2: our accuracies beside published ones.
 */
import { mean, standardDeviation } from '../src/experiments/statistics.ts';
import { CHART_CONFIG, type renderSvg } from '../src/reports/chart.ts';

/** Test accuracies of one training. */
export interface Curve {
  readonly labels: number;
  readonly seed: number;
  readonly points: readonly {
    readonly epoch: number;
    readonly step: number;
    readonly testAccuracy: number;
  }[];
}

/** Test accuracy in [0, 1] of M2 in the paper, after 3000 epochs, mean over draws of the labels: Table 1. */
const PAPER: Readonly<Record<number, number>> = { 100: 0.8803, 600: 0.9506, 1000: 0.964, 3000: 0.9608 };

/**
 * Test accuracies by number of labels and epoch of one public run each, with the official weighting on 50,000 images:
 * jonemeth/generative-models@e051b28, ssl-vae/logs/sslvae_1layer_mnist_*\/version_0/log.txt.
 */
const PUBLIC_LOG: Readonly<Record<number, Readonly<Record<number, number>>>> = {
  100: {
    10: 0.5745,
    20: 0.6213,
    30: 0.6175,
    40: 0.5908,
    50: 0.59,
    60: 0.6009,
    70: 0.601,
    80: 0.6011,
    100: 0.6074,
    150: 0.6115,
    1000: 0.855,
    3000: 0.9285,
  },
  600: { 10: 0.7402, 20: 0.7724, 30: 0.7707, 40: 0.7583, 1000: 0.945, 3000: 0.9647 },
  1000: { 10: 0.7649, 20: 0.7995, 30: 0.79, 40: 0.8044, 1000: 0.953, 3000: 0.9672 },
  3000: { 10: 0.7942, 20: 0.8129, 30: 0.8094, 40: 0.8008, 1000: 0.963, 3000: 0.9708 },
};

interface Row {
  readonly labels: number;
  readonly epoch: number;
  /** Of our seeds. */
  readonly accuracies: readonly number[];
  /** Of the public run, where it says. */
  readonly published: number | undefined;
}

function rowsOf(curves: readonly Curve[], weighting: string): Row[] {
  const labels = [...new Set(curves.map((curve) => curve.labels))].sort((a, b) => a - b);
  return labels.flatMap((count) => {
    const ours = curves.filter((curve) => curve.labels === count);
    const epochs = new Set(ours.flatMap(({ points }) => points.map(({ epoch }) => epoch)));
    return [...epochs]
      .sort((a, b) => a - b)
      .map((epoch) => ({
        labels: count,
        epoch,
        accuracies: ours.flatMap(({ points }) =>
          points.filter((point) => point.epoch === epoch).map(({ testAccuracy }) => testAccuracy),
        ),
        published: weighting === 'official' ? PUBLIC_LOG[count]?.[epoch] : undefined,
      }));
  });
}

/** Mean and standard deviation over seeds, one row an epoch, as Markdown. */
export function accuracyTable(curves: readonly Curve[], weighting: string): string {
  const head = ['labels', 'epoch', 'seeds', 'test accuracy %', 'public run %', 'paper, 3000 epochs %'];
  const rows = rowsOf(curves, weighting).map(({ labels, epoch, accuracies, published }) => [
    `${labels}`,
    `${epoch}`,
    `${accuracies.length}`,
    spread(accuracies),
    percent(published),
    percent(PAPER[labels]),
  ]);
  return [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');
}

function spread(accuracies: readonly number[]): string {
  const deviation = standardDeviation(accuracies);
  return `${percent(mean(accuracies))}${deviation === null ? '' : ` ± ${percent(deviation)}`}`;
}

function percent(share: number | null | undefined): string {
  return share == null ? '' : (100 * share).toFixed(2);
}

/** Accuracy by epoch: means over our seeds, and the public run's up to where we went, each a line. */
export function accuracyChart(curves: readonly Curve[], weighting: string): Parameters<typeof renderSvg>[0] {
  const rows = rowsOf(curves, weighting);
  const values = rows.flatMap(({ labels, epoch, accuracies, published }) => [
    { series: `${labels} labels`, epoch, accuracy: 100 * (mean(accuracies) as number) },
    ...(published === undefined
      ? []
      : [{ series: `${labels} labels, public run`, epoch, accuracy: 100 * published }]),
  ]);
  return {
    $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
    config: CHART_CONFIG,
    width: 560,
    height: 320,
    data: { values },
    mark: { type: 'line', point: true },
    encoding: {
      x: { field: 'epoch', type: 'quantitative', title: 'epoch', axis: { tickMinStep: 1, format: 'd' } },
      y: { field: 'accuracy', type: 'quantitative', title: 'test accuracy (%)', scale: { zero: false } },
      color: { field: 'series', type: 'nominal', title: null, legend: { labelLimit: 0 } },
    },
  };
}
