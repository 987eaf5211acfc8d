#!/usr/bin/env node
/**
 * Runs a comparison of many strategies and prints who is ahead, by how much, and what each needs to reach an accuracy.
 *
 *     npx tsx scripts/reproduce-baselines.ts [--preset compare-all] [any flag of genal run]
 *
 * Writes the run folder of the preset, `runs/<preset>/`, report included, and in `report/` the picture `penalty-matrix.svg`.
 * `--preset baselines-smoke` takes a minute or two.
 */
import path from 'node:path';
import { writeFileAtomic } from '../src/atomic-write.ts';
import { renderSvg } from '../src/reports/chart.ts';
import { comparisonOf } from '../src/reports/compare.ts';
import { penaltySpec } from '../src/reports/penalty-chart.ts';
import { needed, penalties, ranking } from './ranking-tables.ts';
import { reproduce } from './reproduce.ts';

await reproduce({
  name: 'reproduce-baselines',
  summary:
    'Runs a comparison of many strategies and prints who is ahead, and what each needs for an accuracy',
  presets: [
    'compare-all',
    'bald-mnist',
    'baselines-mnist',
    'baselines-fashion',
    'baselines-cifar10',
    'baselines-smoke',
  ],
  tell: async (results, run) => {
    const comparison = comparisonOf([run]);
    const picture = path.join(run.dir, 'report', 'penalty-matrix.svg');
    await writeFileAtomic(picture, await renderSvg(penaltySpec(comparison.penaltyMatrix)));
    return [
      ...ranking(results, run),
      '',
      ...needed(comparison),
      '',
      ...penalties(comparison),
      '',
      `${picture}: the penalty matrix`,
    ];
  },
});
