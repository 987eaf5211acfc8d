/** Numbers of other packages, kept beside the script that made them. */
import { readFileSync } from 'node:fs';
import { expect } from 'vitest';

/** What `test/fixtures/parity/<name>.json` holds. */
export function fixture<Content>(name: string): Content {
  return JSON.parse(
    readFileSync(new URL(`../fixtures/parity/${name}.json`, import.meta.url), 'utf8'),
  ) as Content;
}

/** How far two lists of numbers may be apart anywhere, if nothing else is said. */
export const TOLERANCE = 1e-6;

/** Holds two lists of numbers to each other. */
export function expectEqual(
  ours: ArrayLike<number>,
  theirs: ArrayLike<number>,
  tolerance: number = TOLERANCE,
): void {
  expect(ours.length).toBe(theirs.length);
  expect(largestDifference(ours, theirs)).toBeLessThan(tolerance);
}

/** Infinity if any difference is not a number. */
export function largestDifference(ours: ArrayLike<number>, theirs: ArrayLike<number>): number {
  return Array.from(ours, (value, at) => Math.abs(value - (theirs[at] as number))).reduce(
    (most, difference) => (difference <= most ? most : Number.isNaN(difference) ? Infinity : difference),
    0,
  );
}

/** In ascending order: picks of a package that tells which rows, not in which order. */
export const sorted = (rows: readonly number[]): number[] => [...rows].sort((a, b) => a - b);
