import { describe, expect, test } from 'vitest';
import { comparePairs, type PairComparison } from '../../src/experiments/statistics.ts';
import { bytes, duration, figure, list, points, pValue } from '../../src/reports/number-format.ts';
import type { Results } from '../../src/reports/results.ts';
import {
  againstBaseline,
  evidence,
  headlinePairs,
  verdictClause,
  verdictWords,
} from '../../src/reports/verdict.ts';

const scores = (strategy: string, values: readonly number[]) => ({
  strategy,
  scores: new Map(values.map((value, seed) => [seed + 1, value])),
});
const pairs = comparePairs([
  scores('random', [0.9, 0.91, 0.92, 0.9]),
  scores('gaal', [0.95, 0.965, 0.968, 0.953]),
  scores('asal', [0.9, 0.92, 0.91, 0.902]),
]);
const results = {
  strategies: [
    { name: 'random', kind: 'random' },
    { name: 'gaal', kind: 'gaal' },
    { name: 'asal', kind: 'asal' },
  ],
} as unknown as Results;
const plain = (text: string) => text.replaceAll('\u202f', ' ');

describe('pairs against the baseline', () => {
  test('put random sampling second, with every sign turned', () => {
    const [turned] = againstBaseline(results, pairs);
    const [original] = pairs;
    expect(turned).toMatchObject({ a: 'gaal', b: 'random', verdict: 'A better', n: 4 });
    expect(turned!.meanDifference).toBeCloseTo(-original!.meanDifference!, 12);
    expect(turned!.interval).toEqual({ low: -original!.interval!.high, high: -original!.interval!.low });
    expect(turned!.holm).toBe(original!.holm);
  });

  test('turn wins and losses too, and put a second random sampling second', () => {
    const [original] = pairs;
    const [turned] = againstBaseline(results, pairs);
    expect([turned!.wins, turned!.losses]).toEqual([original!.losses, original!.wins]);
    expect(turned!.wins).toBe(4);
    const two = {
      strategies: [
        { name: 'a/random', kind: 'random' },
        { name: 'b/random', kind: 'random' },
        { name: 'gaal', kind: 'gaal' },
      ],
    } as unknown as Results;
    const all = comparePairs(two.strategies.map(({ name }) => scores(name, [0.5, 0.6, 0.7])));
    expect(againstBaseline(two, all).map(({ a, b }) => `${a} ${b}`)).toEqual([
      'b/random a/random',
      'gaal a/random',
      'gaal b/random',
    ]);
  });

  test('a summary speaks of each strategy against it, or of all pairs where it is missing', () => {
    expect(headlinePairs(results, pairs).map(({ a, b }) => `${a} ${b}`)).toEqual([
      'gaal random',
      'asal random',
    ]);
    const without = { strategies: results.strategies.slice(1) } as unknown as Results;
    expect(headlinePairs(without, pairs.slice(2))).toEqual(pairs.slice(2));
  });
});

describe('a verdict in words', () => {
  const pair = (change: Partial<PairComparison>): PairComparison => ({
    ...pairs[0]!,
    a: 'A',
    b: 'B',
    ...change,
  });

  test.each([
    ['A better', 'A is significantly better than B', 'A better'],
    ['B better', 'A is significantly worse than B', 'B better'],
    ['not significant', 'A is not significantly different from B', 'not significant'],
    ['too few seeds', 'A and B share 4 finished seeds, too few for a verdict', 'too few seeds'],
  ] as const)('%s', (verdict, clause, short) => {
    expect(verdictClause(pair({ verdict }))).toBe(clause);
    expect(verdictWords(pair({ verdict }))).toBe(short);
  });

  test('comes with its evidence, or why there is none', () => {
    const measured = pair({ meanDifference: 0.0123, interval: { low: -0.001, high: 0.0256 }, holm: 0.0421 });
    expect(plain(evidence(measured))).toBe(
      '+1.23 percentage points, 95 % interval −0.10 to +2.56, corrected p = 0.042',
    );
    expect(plain(evidence({ ...measured, holm: 1e-5 }))).toContain('corrected p < 0.001');
    expect(evidence({ ...measured, holm: null, reason: 'every difference is zero' })).toContain(
      'no p-value: every difference is zero',
    );
    expect(evidence({ ...measured, n: 0, meanDifference: null })).toBe('nothing to compare');
  });
});

test('figures are written as a person reads them', () => {
  expect([points(0.00001), points(-0.02), points(null)]).toEqual(['0.00', '−2.00', '–']);
  expect([0.2999, 0.0421, 0.0004, null].map(pValue).map(plain)).toEqual(['0.30', '0.042', '< 0.001', '–']);
  expect([12.4, 5230, 61_000, 900_000, 9_000_000].map(duration).map(plain)).toEqual([
    '12 ms',
    '5.2 s',
    '61 s',
    '15 min',
    '2 h 30 min',
  ]);
  expect([430_000_000, 3 * 2 ** 30].map(bytes).map(plain)).toEqual(['410 MiB', '3.0 GiB']);
  expect([0, -3, 0.123456, 1.5e-7].map(figure)).toEqual(['0', '−3', '0.123', '1.5×10^−7']);
  expect([list([]), list(['a']), list(['a', 'b', 'c'])]).toEqual(['', 'a', 'a, b and c']);
});
