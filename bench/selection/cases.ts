/**
 * What is picked from what: pools of features as a network with a hundred classes and rectified units has them.
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { probabilities } from '../../src/classifiers/predict.ts';
import type { Stream } from '../../src/random.ts';
import type { CaseSize } from '../cases/case.ts';

/** A strategy on a pool. */
export interface SelectionCase {
  /** Its name in tables and for both sides. */
  readonly name: 'core-set' | 'badge';
  readonly rows: number;
  /** Features a row. */
  readonly size: number;
  readonly classes: number;
  /** The first so many rows have a label. */
  readonly labelled: number;
  /** Rows picked. */
  readonly batch: number;
}

/** The cases of a size; `tiny` tries the program itself. */
export function selectionCases(size: CaseSize): readonly SelectionCase[] {
  return size === 'full'
    ? [
        { name: 'core-set', rows: 51_000, size: 512, classes: 100, labelled: 1000, batch: 100 },
        { name: 'badge', rows: 20_000, size: 768, classes: 100, labelled: 0, batch: 100 },
      ]
    : [
        { name: 'core-set', rows: 300, size: 12, classes: 5, labelled: 20, batch: 10 },
        { name: 'badge', rows: 200, size: 12, classes: 5, labelled: 0, batch: 10 },
      ];
}

/** Where a case's arrays lie: float32, little-endian, row by row, and nothing else. */
export interface CaseFiles {
  /** `[rows, size]` */
  readonly features: string;
  /** `[rows, classes]` */
  readonly probabilities: string;
}

/** Dimensions in which the rows of a class differ. */
const SPREAD = 32;

/**
 * Draws the arrays and writes them. A row is `max(0, W (m_k + u) + e)`: the middle `m_k` of a class drawn for it and a deviation
 * `u`, both normal in {@link SPREAD} dimensions, mapped by normal numbers, and a little noise. Its scores are minus half its
 * squared distance to each middle.
 */
export async function writeCase(
  { name, rows, size, classes }: SelectionCase,
  dir: string,
  stream: Stream,
): Promise<CaseFiles> {
  const draws = stream.of(name);
  const middles = draws.of('middles').normals(classes * SPREAD);
  const map = draws.of('map').normals(size * SPREAD);
  const deviations = draws.of('deviations').normals(rows * SPREAD);
  const own = draws.of('classes');
  const noise = draws.of('noise');
  const features = new Float32Array(rows * size);
  const scores = new Float32Array(rows * classes);
  for (let row = 0; row < rows; row++) {
    const place = deviations.subarray(row * SPREAD, (row + 1) * SPREAD);
    const first = own.integer(classes) * SPREAD;
    for (let axis = 0; axis < SPREAD; axis++) {
      place[axis] = (place[axis] as number) + (middles[first + axis] as number);
    }
    const extra = noise.normals(size);
    for (let unit = 0; unit < size; unit++) {
      const value = dot(map, unit * SPREAD, place) / Math.sqrt(SPREAD) + 0.1 * (extra[unit] as number);
      features[row * size + unit] = Math.max(0, value);
    }
    for (let k = 0; k < classes; k++) scores[row * classes + k] = -squared(middles, k * SPREAD, place) / 2;
  }
  const files = {
    features: join(dir, `${name}.features`),
    probabilities: join(dir, `${name}.probabilities`),
  };
  await writeFile(files.features, features);
  await writeFile(files.probabilities, probabilities(scores, classes));
  return files;
}

function dot(table: Float32Array, start: number, row: Float32Array): number {
  return row.reduce((sum, value, axis) => sum + value * (table[start + axis] as number), 0);
}

function squared(table: Float32Array, start: number, row: Float32Array): number {
  return row.reduce((sum, value, axis) => sum + (value - (table[start + axis] as number)) ** 2, 0);
}
