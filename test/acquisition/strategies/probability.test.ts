import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import { createEntropy } from '../../../src/acquisition/strategies/entropy.ts';
import {
  createLeastConfidence,
  leastConfidences,
} from '../../../src/acquisition/strategies/least-confidence.ts';
import { createMargin } from '../../../src/acquisition/strategies/margin.ts';
import { createUncertainty } from '../../../src/acquisition/strategies/uncertainty.ts';
import { selectBackend } from '../../../src/backend/backend.ts';
import { entropies, margins, probabilities } from '../../../src/classifiers/predict.ts';
import { linearClassifier } from '../../queries/toys.ts';
import { keepsItsPromises } from './pool-strategy-promises.ts';
import { bought, SHAPE, SIZE, toyModel, toyRound } from './toy-rounds.ts';

interface Scores {
  readonly leastConfidence?: readonly number[];
  readonly margin?: readonly number[];
  readonly entropy: readonly number[];
}
const reference = JSON.parse(
  readFileSync(new URL('../../fixtures/active-learning/uncertainty.json', import.meta.url), 'utf8'),
) as { classes: number; scores: number[] } & Record<'modAL' | 'scikit-activeml' | 'SciPy', Scores>;

beforeAll(() => selectBackend('cpu'));

describe.each(['modAL', 'scikit-activeml', 'SciPy'] as const)('scores beside those of %s', (library) => {
  const { classes } = reference;
  const probs = probabilities(Float32Array.from(reference.scores), classes);
  test.each([
    ['leastConfidence', leastConfidences(probs, classes)],
    ['margin', margins(probs, classes)],
    ['entropy', entropies(probs, classes)],
  ] as const)('have the same %s', (measure, ours) => {
    const theirs = reference[library][measure] ?? [];
    theirs.forEach((value, row) => {
      expect(Math.abs((ours[row] as number) - value)).toBeLessThan(1e-6);
    });
  });
});

describe('scores of known probabilities', () => {
  const certain = Float32Array.of(1, 0, 0, 0.5, 0.5, 0, 1 / 3, 1 / 3, 1 / 3);

  test('are 0 for a certain row, without a NaN of 0 ln 0', () => {
    expect([...leastConfidences(certain, 3)]).toEqual([0, 0.5, expect.closeTo(2 / 3, 6)]);
    expect([...entropies(certain, 3)]).toEqual([
      0,
      expect.closeTo(Math.log(2), 6),
      expect.closeTo(Math.log(3), 6),
    ]);
  });
});

describe.each([
  ['least-confidence', createLeastConfidence, 'LeastConfidence', -1, leastConfidences],
  ['margin', createMargin, 'ProbabilityMargin', 1, margins],
  ['entropy', createEntropy, 'Entropy', -1, entropies],
] as const)('%s', (_, create, measure, sign, score) => {
  keepsItsPromises(create);

  test('takes what a sort by its score takes, and reports the mean scores', async () => {
    const round = toyRound();
    const pixels = [...round.pool.bytes(round.pool.candidates)].map((byte) => byte / 127.5 - 1);
    const { kernel, biases } = toyModel();
    const scores = round.pool.candidates.flatMap((_row, at) =>
      biases.map((bias, k) =>
        pixels
          .slice(at * SIZE, (at + 1) * SIZE)
          .reduce((sum, pixel, j) => sum + pixel * (kernel[j * biases.length + k] as number), bias),
      ),
    );
    const values = [...score(probabilities(Float32Array.from(scores), biases.length), biases.length)];
    const order = values.map((_value, at) => at).sort((a, b) => sign * (values[a]! - values[b]!));
    const { rows, diagnostics } = await bought(create(), round);
    expect(rows).toEqual(order.slice(0, 6).map((at) => round.pool.candidates[at]));
    const mean = (of: number[]) => of.reduce((sum, value) => sum + value, 0) / of.length;
    expect(diagnostics[`mean${measure}Pool`]).toBeCloseTo(mean(values), 5);
    const selected = order.slice(0, 6).map((at) => values[at]!);
    expect(diagnostics[`mean${measure}Selected`]).toBeCloseTo(mean(selected), 5);
  });
});

test.each([
  ['least-confidence', createLeastConfidence],
  ['margin', createMargin],
  ['entropy', createEntropy],
] as const)('%s never takes a row with a probability of 1 before one without', async (_, create) => {
  // The second class by the first pixel: 127 and 128 are open, of all else the model is certain in float32.
  const kernel = Float32Array.from({ length: SIZE * 2 }, (_weight, at) => (at === 1 ? 1e3 : 0));
  const classifier = linearClassifier(kernel, [0, 0], SHAPE);
  const bytes = [0, 255, 30, 128, 200, 127, 90, 1];
  const probs = probabilities(Float32Array.from(bytes.flatMap((byte) => [0, 1e3 * (byte / 127.5 - 1)])), 2);
  expect(bytes.filter((_byte, row) => probs[2 * row] === 0 || probs[2 * row] === 1)).toHaveLength(6);
  const pool = Uint8Array.from(bytes.flatMap((byte) => new Array<number>(SIZE).fill(byte)));
  const rows = bytes.map((_byte, row) => row);
  const set = { classifier, pool, rows, labelled: [] };
  expect([...(await bought(create(), toyRound({ ...set, batch: 2 }))).rows].sort()).toEqual([3, 5]);
  const all = (await bought(create(), toyRound({ ...set, batch: 8 }))).rows;
  expect([...all.slice(0, 2)].sort()).toEqual([3, 5]);
  expect(new Set(all).size).toBe(8);
});

describe('the margin of probabilities', () => {
  /** Scores `[0, first, second]` on black and on white images. */
  const model = linearClassifier(
    Float32Array.from({ length: SIZE * 3 }, (_, at) => (at % 3 === 2 ? -3 / SIZE : 0)),
    [0, -0.9, -3.5],
    SHAPE,
  );

  test('sees a third class that the margin of scores does not', async () => {
    // Scores [0, -0.9, -0.5] on black, so the third class leads the second; [0, -0.9, -6.5] on white.
    const black = new Uint8Array(SIZE);
    const white = new Uint8Array(SIZE).fill(255);
    const grey = new Uint8Array(SIZE).fill(26); // scores [0, -0.9, -1.1]
    const pool = Uint8Array.from([...black, ...white, ...grey]);
    const round = toyRound({ classifier: model, pool, rows: [1, 2], labelled: [], batch: 1 });
    const probability = await bought(createMargin(), round);
    expect(probability.rows).toEqual([2]);
    const scores = await bought(createUncertainty(), round);
    expect(scores.diagnostics.meanMarginPool).toBeCloseTo(0.9, 5);
    expect(scores.diagnostics.meanMarginSelected).toBeCloseTo(0.9, 5);
  });

  test('has the order of the margin of scores where there are two classes', async () => {
    const kernel = Float32Array.from({ length: SIZE * 2 }, (_, at) => Math.sin(at));
    const two = toyRound({ classifier: linearClassifier(kernel, [0, 0.2], SHAPE), batch: 20 });
    expect((await bought(createMargin(), two)).rows).toEqual((await bought(createUncertainty(), two)).rows);
  });
});
