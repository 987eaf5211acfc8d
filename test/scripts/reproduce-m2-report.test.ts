import { expect, test } from 'vitest';
import { accuracyChart, accuracyTable, type Curve } from '../../scripts/reproduce-m2-report.ts';
import { renderSvg } from '../../src/reports/chart.ts';

const at = (epoch: number, testAccuracy: number) => ({ epoch, step: 100 * epoch, testAccuracy });
const CURVES: readonly Curve[] = [
  { labels: 100, seed: 1, points: [at(9, 0.5), at(10, 0.55)] },
  { labels: 100, seed: 2, points: [at(9, 0.52)] },
  { labels: 600, seed: 1, points: [at(10, 0.7)] },
];

test('has a row an epoch: mean and deviation over the seeds that came there, beside the public run', () => {
  expect(accuracyTable(CURVES, 'official').split('\n').slice(2)).toEqual([
    '| 100 | 9 | 2 | 51.00 ± 1.41 |  | 88.03 |',
    '| 100 | 10 | 1 | 55.00 | 57.45 | 88.03 |',
    '| 600 | 10 | 1 | 70.00 | 74.02 | 95.06 |',
  ]);
});

test('the public run is of the official weighting alone', () => {
  expect(accuracyTable(CURVES, 'heavy')).not.toContain('57.45');
});

test('draws a line for each number of labels and each public run', async () => {
  const svg = await renderSvg(accuracyChart(CURVES, 'official'));
  for (const series of ['100 labels', '100 labels, public run', '600 labels']) {
    expect(svg).toContain(`>${series}<`);
  }
});
