import { describe, expect, test } from 'vitest';
import {
  type ArraySelection,
  ArrayStrategyConfig,
  type PoolArrays,
  selectFromArrays,
} from '../../src/acquisition/select-from-arrays.ts';
import { mutualInformation } from '../../src/acquisition/strategies/bald.ts';
import { leastConfidences } from '../../src/acquisition/strategies/least-confidence.ts';
import { consensusEntropies } from '../../src/acquisition/strategies/mc-entropy.ts';
import { meanDeviations } from '../../src/acquisition/strategies/mean-std.ts';
import { voteEntropies } from '../../src/acquisition/strategies/query-by-committee.ts';
import { variationRatios } from '../../src/acquisition/strategies/variation-ratios.ts';
import { entropies, margins } from '../../src/classifiers/predict.ts';
import { rootStream } from '../../src/random.ts';
import { expectEqual, fixture, largestDifference, sorted } from './fixture.ts';

type Library = 'modAL' | 'scikit-activeml' | 'small-text' | 'baal';
type OfLibraries<Value> = Readonly<Record<string, Partial<Readonly<Record<Library, Value>>>>>;

const reference = fixture<{
  readonly rows: number;
  readonly members: number;
  readonly classes: number;
  readonly labelled: number;
  readonly probs: readonly number[];
  readonly scores: OfLibraries<readonly number[]>;
  readonly picks: OfLibraries<readonly number[]>;
  readonly differing: Readonly<
    Record<
      'variance' | 'largestDivergence' | 'meanEntropy' | 'oneLessLargestMean' | 'baldAboveOne',
      readonly number[]
    >
  >;
  readonly tied: OfLibraries<readonly number[]>;
  readonly ties: Partial<Record<Library, readonly number[]>>;
}>('probabilities');
const { rows: n, members, classes, differing } = reference;
const all = { probs: Float32Array.from(reference.probs), members, classes };
const one = all.probs.filter((_, at) => Math.floor(at / classes) % members === 0);
const OF_ONE: readonly string[] = ['least-confidence', 'margin', 'entropy'];

const scores: Readonly<Record<string, ArrayLike<number>>> = {
  'least-confidence': leastConfidences(one, classes),
  margin: margins(one, classes),
  entropy: entropies(one, classes),
  bald: mutualInformation(all),
  'mc-entropy': consensusEntropies(all),
  'mean-std': meanDeviations(all),
};

const cases = (of: OfLibraries<readonly number[]>) =>
  Object.entries(of).flatMap(([strategy, byLibrary]) =>
    Object.entries(byLibrary).map(([library, values]) => ({ strategy, library: library as Library, values })),
  );

function select(strategy: string, count: number, options: object = {}): Promise<ArraySelection> {
  const arrays: PoolArrays = {
    n,
    labelled: Array.from({ length: reference.labelled }, (_, row) => row),
    probabilities: OF_ONE.includes(strategy) ? { probs: one, members: 1, classes } : all,
  };
  return selectFromArrays(
    ArrayStrategyConfig.parse({ kind: strategy, ...options }),
    arrays,
    count,
    rootStream(1),
  );
}

describe('scores', () => {
  test.each(cases(reference.scores))(
    'of $strategy are those of $library',
    ({ strategy, library, values }) => {
      // It writes 0 for rows with a label.
      const from = library === 'scikit-activeml' ? reference.labelled : 0;
      expectEqual(Array.from(scores[strategy]!).slice(from), values.slice(from));
    },
  );
});

describe('picks', () => {
  test.each(cases(reference.picks))(
    'of $strategy are those of $library',
    async ({ strategy, library, values }) => {
      const { rows } = await select(strategy, values.length);
      // A partition has no order.
      expect(library === 'small-text' ? sorted(rows) : rows).toEqual(values);
    },
  );
});

describe('picks by votes, which are often equal', () => {
  test.each(cases(reference.tied))(
    'of $strategy are as good as those of $library',
    async ({ strategy, values }) => {
      const votes = strategy === 'query-by-committee' ? voteEntropies(all) : variationRatios(all);
      const options = strategy === 'query-by-committee' ? { disagreement: 'vote-entropy' } : {};
      const { rows, scores: picked } = await select(strategy, values.length, options);
      const descending = (of: readonly number[]) => of.map((row) => votes[row]!).sort((a, b) => b - a);
      expectEqual(descending(rows), descending(values));
      expect(picked).toEqual(rows.map((row) => votes[row]));
    },
  );
});

/** `[n][members][classes]` */
const table = Array.from({ length: n }, (_, row) =>
  Array.from({ length: members }, (_, member) => {
    const at = (row * members + member) * classes;
    return [...all.probs.subarray(at, at + classes)];
  }),
);
const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
const entropy = (probs: readonly number[]) =>
  probs.reduce((sum, p) => (p > 0 ? sum - p * Math.log(p) : sum), 0);
const meanOf = (own: readonly (readonly number[])[]) =>
  Array.from({ length: classes }, (_, k) => mean(own.map((probs) => probs[k]!)));
const varianceOf = (own: readonly (readonly number[])[], k: number) =>
  mean(own.map((probs) => probs[k]! ** 2)) - mean(own.map((probs) => probs[k]!)) ** 2;
const divergencesOf = (own: readonly (readonly number[])[]) => {
  const centre = meanOf(own);
  return own.map((probs) => probs.reduce((sum, p, k) => sum + p * Math.log(p / centre[k]!), 0));
};

describe('differs', () => {
  test("modAL's Monte Carlo entropy is the members' own entropies added up, the formula the entropy of their mean", () => {
    // The mean over the classes of what the members' terms sum to.
    const theirs = differing.meanEntropy.map((value) => (value * classes) / members);
    expectEqual(
      theirs,
      table.map((own) => mean(own.map(entropy))),
    );
    expectEqual(
      scores['mc-entropy']!,
      table.map((own) => entropy(meanOf(own))),
    );
    // What is left between the two is what the members disagree by.
    expectEqual(
      scores.bald!,
      theirs.map((value, row) => scores['mc-entropy']![row]! - value),
    );
    expect(largestDifference(scores['mc-entropy']!, theirs)).toBeGreaterThan(0.1);
  });

  test("modAL's variation ratio is one less the largest mean probability, ours counts votes", () => {
    expectEqual(
      differing.oneLessLargestMean,
      table.map((own) => 1 - Math.max(...meanOf(own))),
    );
    const votes = table.map((own) => {
      const voted = own.map((probs) => probs.indexOf(Math.max(...probs)));
      return 1 - Math.max(...voted.map((k) => voted.filter((other) => other === k).length)) / members;
    });
    expectEqual(variationRatios(all), votes);
    expect(largestDifference(variationRatios(all), differing.oneLessLargestMean)).toBeGreaterThan(0.1);
  });

  test("modAL's committee takes the largest divergence of a member, McCallum and Nigam's the mean", () => {
    expectEqual(
      differing.largestDivergence,
      table.map((own) => Math.max(...divergencesOf(own))),
    );
    expectEqual(
      mutualInformation(all),
      table.map((own) => mean(divergencesOf(own))),
    );
  });

  test("baal's variance is the mean square of the deviations whose mean ours is", () => {
    const over = (value: (own: (typeof table)[number], k: number) => number) =>
      table.map((own) => mean(Array.from({ length: classes }, (_, k) => value(own, k))));
    expectEqual(differing.variance, over(varianceOf));
    expectEqual(
      scores['mean-std']!,
      over((own, k) => Math.sqrt(varianceOf(own, k))),
    );
  });

  test('modAL, small-text and baal take the first of rows that are all alike, ours any', async () => {
    const first = Array.from({ length: 10 }, (_, at) => reference.labelled + at);
    expect(reference.ties).toEqual({ modAL: first, 'small-text': first, baal: first });
    const alike = { probs: new Float32Array(n * classes).fill(1 / classes), members: 1, classes };
    const arrays = {
      n,
      labelled: Array.from({ length: reference.labelled }, (_, row) => row),
      probabilities: alike,
    };
    const config = ArrayStrategyConfig.parse({ kind: 'least-confidence' });
    const bought = new Set<number>();
    for (let seed = 1; seed <= 40; seed++) {
      for (const row of (await selectFromArrays(config, arrays, 10, rootStream(seed))).rows) bought.add(row);
    }
    expect(bought.size).toBe(n - reference.labelled);
  });

  test('baal takes all probabilities for scores where one is above 1 by rounding, ours are what they are', () => {
    const above = { ...all, probs: Float32Array.from(all.probs) };
    for (let at = 0; at < members * classes; at++) above.probs[at] = at % classes === 0 ? 1 + 2 ** -23 : 0;
    const ours = mutualInformation(above);
    expect(ours[0]).toBeLessThan(1e-6);
    expectEqual(ours.slice(1), Array.from(scores.bald!).slice(1));
    const softmaxed = table.slice(1).map((own) => {
      const again = own.map((probs) => {
        const sum = probs.reduce((total, p) => total + Math.exp(p), 0);
        return probs.map((p) => Math.exp(p) / sum);
      });
      return mean(divergencesOf(again));
    });
    expectEqual(differing.baldAboveOne.slice(1), softmaxed);
    expect(largestDifference(ours.slice(1), differing.baldAboveOne.slice(1))).toBeGreaterThan(0.1);
  });
});
