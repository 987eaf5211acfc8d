import { beforeAll, describe, expect, test } from 'vitest';
import { ArrayStrategyConfig, selectFromArrays } from '../../src/acquisition/select-from-arrays.ts';
import { typicalities } from '../../src/acquisition/strategies/typiclust.ts';
import { selectBackend } from '../../src/backend/backend.ts';
import { gatherRows } from '../../src/gather-rows.ts';
import { rootStream } from '../../src/random.ts';
import { leastLabelled } from '../../vaal/discriminative.ts';
import { DiscriminativeConfig } from '../../vaal/discriminative-config.ts';
import { expectEqual, fixture, sorted } from './fixture.ts';

const reference = fixture<{
  readonly size: number;
  readonly classes: number;
  readonly neighbours: number;
  readonly features: readonly number[];
  readonly probs: readonly number[];
  readonly heap: readonly number[];
  readonly labelled: readonly number[];
  readonly typiclust: readonly number[];
  readonly clue: readonly number[];
  readonly 'core-set': Readonly<Record<'scikit-activeml' | 'small-text', readonly number[]>>;
  readonly 'information-density': Readonly<Record<'scores' | 'rows', readonly number[]>>;
  readonly alike: {
    readonly rows: readonly number[];
    readonly typiclust: readonly (readonly number[])[];
    readonly badge: readonly (readonly number[])[];
  };
  readonly few: readonly number[];
  readonly discriminative: Readonly<Record<'labelled' | 'scikit-activeml' | 'small-text', readonly number[]>>;
}>('clusters');
const { size, classes, heap, labelled, neighbours } = reference;
const n = heap.length;
const features = Float32Array.from(reference.features);
const arrays = {
  n,
  labelled,
  features: { values: features, size },
  probabilities: { probs: Float32Array.from(reference.probs), members: 1, classes },
};
const SEEDS = [1, 2, 3, 4, 5];

beforeAll(() => selectBackend('cpu'));

const select = async (options: object, count: number, seed: number) =>
  (await selectFromArrays(ArrayStrategyConfig.parse(options), arrays, count, rootStream(seed))).rows;

describe('from heaps far apart', () => {
  test.each(SEEDS)("typiclust takes scikit-activeml's rows: seed %i", async (seed) => {
    const theirs = reference.typiclust;
    expect(await select({ kind: 'typiclust', neighbours }, theirs.length, seed)).toEqual(theirs);
    // The heaps without a label, largest first.
    expect(theirs.map((row) => heap[row])).toEqual([5, 3, 2, 0]);
  });

  test.each(SEEDS)(
    "dbal that clusters all candidates takes scikit-activeml's Clue: seed %i",
    async (seed) => {
      const theirs = reference.clue;
      expect(sorted(await select({ kind: 'dbal', beta: n }, theirs.length, seed))).toEqual(theirs);
      expect(theirs.map((row) => heap[row])).toEqual([0, 1, 2, 3, 4, 5]);
    },
  );

  test.each(['scikit-activeml', 'small-text'] as const)("core-set takes %s's rows", async (library) => {
    const theirs = reference['core-set'][library];
    expect(await select({ kind: 'core-set' }, theirs.length, 1)).toEqual(theirs);
  });

  test("information-density has the scores of Settles and Craven's formula in SciPy, and takes its rows", async () => {
    const config = ArrayStrategyConfig.parse({ kind: 'information-density' });
    const theirs = reference['information-density'];
    const { rows, scores } = await selectFromArrays(config, arrays, n - labelled.length, rootStream(1));
    const unlabelled = sorted(rows);
    expectEqual(
      unlabelled.map((row) => scores[rows.indexOf(row)] as number),
      theirs.scores,
    );
    expect(rows.slice(0, theirs.rows.length)).toEqual(theirs.rows);
  });

  test('discriminative takes the heap without labels, as scikit-activeml and small-text do', async () => {
    const { labelled: known, ...theirs } = reference.discriminative;
    const rest = Array.from({ length: n }, (_, row) => row).filter((row) => !known.includes(row));
    const pools = {
      labelled: gatherRows(features, size, known),
      unlabelled: gatherRows(features, size, rest),
      size,
    };
    const missing = rest.filter((row) => heap[row] === 5);
    const config = DiscriminativeConfig.parse({
      subBatches: 1,
      hidden: [8],
      steps: 30,
      batch: 16,
      learningRate: 0.03,
    });
    const { rows } = await leastLabelled(pools, missing.length, config, rootStream(1));
    expect(sorted(rows.map((row) => rest[row]!))).toEqual(missing);
    expect(theirs).toEqual({ 'scikit-activeml': missing, 'small-text': missing });
  });
});

test('typicality is by half of a small cluster, scikit-activeml takes all of it', async () => {
  const line = [0, 1, 3, 7];
  const meanTo = (neighbours: number) =>
    line.map((own) => {
      const distances = line.map((other) => Math.abs(own - other)).sort((a, b) => a - b);
      return distances.slice(1, 1 + neighbours).reduce((sum, distance) => sum + distance / neighbours, 0);
    });
  const inverted = (typicality: ArrayLike<number>) => Array.from(typicality, (value) => 1 / value);
  expectEqual(inverted(reference.few), meanTo(3));
  // The reference code adds 1e-5 to the mean, theirs 1e-7 to the sum.
  const ours = await typicalities(Float32Array.from(line), 1, 20, rootStream(1));
  expectEqual(
    inverted(ours),
    meanTo(2).map((mean) => mean + 1e-5),
  );
});

test.each(['typiclust', 'badge'] as const)(
  '%s buys no row twice where rows are alike, scikit-activeml does',
  async (kind) => {
    const { rows: values, [kind]: theirs } = reference.alike;
    const alike = values.length / 2;
    const repeats = (rows: readonly number[]) => new Set(rows).size < rows.length;
    expect(theirs.some(repeats)).toBe(true);
    const given = {
      n: alike,
      labelled: [],
      features: { values: Float32Array.from(values), size: 2 },
      probabilities: { probs: new Float32Array(2 * alike).fill(0.5), members: 1, classes: 2 },
    };
    for (let seed = 1; seed <= 8; seed++) {
      const config = ArrayStrategyConfig.parse({ kind });
      const { rows } = await selectFromArrays(config, given, 6, rootStream(seed));
      expect(rows).toHaveLength(6);
      expect(repeats(rows)).toBe(false);
    }
  },
);
