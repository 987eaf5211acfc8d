/**
 * Labels of a split: checks and counts.
 */
import { datasetError } from './dataset-error.ts';

/** Throws a DatasetError naming the first record whose label is not below `classes`. */
export function checkLabels(where: string, labels: Uint8Array, classes: number): void {
  const row = labels.findIndex((label) => label >= classes);
  if (row !== -1) {
    throw datasetError(where, `labels below ${classes}`, `${labels[row]} at record ${row}`);
  }
}

/** How often each class occurs: `[classes]`. Labels must be below `classes`. */
export function classCounts(labels: Uint8Array, classes: number): number[] {
  const counts = new Array<number>(classes).fill(0);
  for (const label of labels) {
    if (label >= classes) {
      throw new RangeError(`classCounts.labels: expected labels below ${classes}, got ${label}`);
    }
    counts[label] = (counts[label] as number) + 1;
  }
  return counts;
}
