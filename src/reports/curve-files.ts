/**
 * The learning curves of a run as pictures: in one plot, or in panels where there are too many for one.
 */
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import type { TopLevelSpec } from 'vega-lite';
import { writeFileAtomic } from '../atomic-write.ts';
import { renderSvg, svgToPng } from './chart.ts';
import { curvePanelsSpec } from './curve-panels.ts';
import { type CurveOptions, learningCurveSpec } from './curves.ts';
import { ALL_STYLES } from './palette.ts';
import type { Results } from './results.ts';

/** Whether the curves stand in panels: whether there are more strategies than styles to tell them apart. */
export function inPanels({ strategies }: Results): boolean {
  return strategies.filter(({ curve }) => curve.length > 0).length > ALL_STYLES.length;
}

/** All learning curves in one picture. In panels it is as high as they make it, and has no title. */
export function curvesSpec(results: Results, options: CurveOptions = {}): TopLevelSpec {
  return inPanels(results) ? curvePanelsSpec(results, options) : learningCurveSpec(results, options);
}

/** Writes `learning-curve.svg`, `.png` and `.vl.json` into a folder, made if need be. */
export async function writeLearningCurve(folder: string, results: Results): Promise<void> {
  const spec = curvesSpec(results);
  const svg = await renderSvg(spec);
  await mkdir(folder, { recursive: true });
  const file = (ending: string) => path.join(folder, `learning-curve.${ending}`);
  await writeFileAtomic(file('vl.json'), `${JSON.stringify(spec, null, 2)}\n`);
  await writeFileAtomic(file('svg'), svg);
  await writeFileAtomic(file('png'), await svgToPng(svg));
}
