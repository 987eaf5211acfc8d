/**
 * What holds of every strategy there is, watched from inside the loop: a small run of each, on the same drawn digits.
 */
import { beforeAll, describe, expect, test } from 'vitest';
import { Oracle } from '../../src/acquisition/oracle.ts';
import type { RoundRecord } from '../../src/acquisition/round-record.ts';
import type { Strategy } from '../../src/acquisition/strategy.ts';
import { TaskModelConfig } from '../../src/acquisition/task-model/config.ts';
import { selectBackend } from '../../src/backend/backend.ts';
import { digitsDataset } from '../../src/datasets/digits.ts';
import { StrategyConfig } from '../../src/experiments/strategies/config.ts';
import { createStrategy } from '../../src/experiments/strategies/registry.ts';
import { rootStream } from '../../src/random.ts';
import { recordLoop } from '../acquisition/record-loop.ts';
import { linearClassifier, randomLinearGenerator } from '../queries/toys.ts';

type Kind = StrategyConfig['kind'];

const m2 = { latentSize: 4, network: { kind: 'mlp', hidden: [8] }, steps: 3, batch: 4, labelledBatch: 4 };
const vaal = {
  latentSize: 4,
  network: { kind: 'mlp', hidden: [8] },
  discriminator: [8],
  steps: 3,
  batch: 4,
};
const predictor = { units: 4, steps: 3, batch: 4 };

/** Options that make each small. A kind without an entry does not compile. */
const OPTIONS: Record<Kind, object> = {
  random: {},
  uncertainty: {},
  'least-confidence': {},
  margin: {},
  entropy: {},
  'core-set': {},
  badge: {},
  dbal: {},
  'information-density': {},
  typiclust: {},
  'expected-gradient-length': {},
  'expected-error-reduction': { subset: 6, evaluated: 10, components: 3 },
  'variance-reduction': { subset: 6, evaluated: 10, components: 2 },
  'active-class-selection': { folds: 2 },
  bald: { passes: 3 },
  'variation-ratios': { passes: 3 },
  'mean-std': { passes: 3 },
  'mc-entropy': { passes: 3 },
  ceal: { threshold: 1 },
  stream: { budget: 0.5, window: 10 },
  'query-by-committee': { members: 2 },
  gaal: { steps: 3, restarts: 1 },
  asal: { steps: 3, restarts: 1, features: { kind: 'task-model' } },
  discriminative: { hidden: [8], steps: 3, subBatches: 2 },
  'learning-loss': predictor,
  vaal,
  'ta-vaal': { ...vaal, ranker: predictor },
  bgadl: {
    ...{ passes: 2, subset: 20, latentSize: 4, channels: [2, 4], discriminator: [2, 4], steps: 3, batch: 4 },
  },
  'm2-vaal': { m2, discriminator: [8] },
  'm2-farthest': { m2 },
  'm2-weighted-confidence': { m2 },
  'norm-score': { m2 },
  'latent-combination': { m2 },
};

const SIZE = 80;
const dataset = digitsDataset({ trainSize: SIZE, testSize: 20, seed: 1 });
const classifier = TaskModelConfig.parse({ kind: 'lenet', widths: [3, 4, 6], dropout: {}, updates: 4 });

/** What a strategy was shown in a round. */
interface Seen {
  readonly candidates: readonly number[];
  readonly labelled: number;
  /** The task model's weights, by name. */
  readonly weights: ReadonlyMap<string, readonly number[]>;
}

async function watched(kind: Kind): Promise<{ records: RoundRecord[]; seen: Seen[] }> {
  const generator = randomLinearGenerator(4, dataset.shape);
  // Tells the truth about rows, and reads any synthesised image as something.
  const reader = linearClassifier(
    rootStream(9).normals(784 * 10),
    new Array<number>(10).fill(0),
    dataset.shape,
  );
  const oracle = new Oracle({
    truth: dataset.train.labels,
    classes: 10,
    noise: 0,
    minConfidence: 0,
    stream: rootStream(1).of('oracle'),
    reference: { classifier: reader, experimentClass: reader.biases.map((_, label) => label) },
  });
  const strategy = createStrategy(StrategyConfig.parse({ kind, ...OPTIONS[kind] }), { generator });
  const seen: Seen[] = [];
  const watcher: Strategy = {
    select: async (round) => {
      const weights = new Map<string, readonly number[]>();
      for (const [name, tensor] of round.classifier.weights()) weights.set(name, [...(await tensor.data())]);
      seen.push({ candidates: [...round.pool.candidates], labelled: round.labelled.n, weights });
      return strategy.select(round);
    },
  };
  const { records } = await recordLoop({
    dataset,
    strategy: watcher,
    strategyName: kind,
    classifier,
    initial: { size: 10, balanced: true },
    batch: 4,
    rounds: 2,
    oracle,
  });
  generator.dispose();
  reader.dispose();
  return { records, seen };
}

beforeAll(() => selectBackend('wasm'));

/** What all strategies of a seed start from. */
let first: { readonly record: RoundRecord; readonly weights: Seen['weights'] } | undefined;

describe.each(Object.keys(OPTIONS) as Kind[])('%s', (kind) => {
  let records: RoundRecord[];
  let seen: Seen[];
  beforeAll(async () => {
    ({ records, seen } = await watched(kind));
  });

  test('buys different candidates, which are labelled and no candidates from then on, and loses no row', () => {
    const bought = new Set<number>();
    for (const [round, { candidates, labelled }] of seen.entries()) {
      for (const row of records[round]!.selected ?? []) {
        expect(bought.has(row)).toBe(false);
        bought.add(row);
      }
      expect(candidates.filter((row) => bought.has(row))).toEqual([]);
      expect(new Set(candidates).size).toBe(SIZE - bought.size);
      expect(candidates).toHaveLength(SIZE - bought.size);
      expect(labelled).toBe(10 + 4 * round);
      expect(records[round]!.labels).toBe(labelled);
    }
    const last = records[2]!.selected;
    expect(last === undefined ? records[2]!.synthesised : new Set(last).size).toBe(4);
    expect(last?.filter((row) => !seen[1]!.candidates.includes(row)) ?? []).toEqual([]);
  });

  test('starts from the accuracy of all others, and chooses its first batch with the same model to the bit', () => {
    first ??= { record: records[0]!, weights: seen[0]!.weights };
    expect(records[0]).toEqual(first.record);
    expect(seen[0]!.weights).toEqual(first.weights);
  });
});
