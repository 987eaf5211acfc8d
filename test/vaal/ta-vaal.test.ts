import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Round, Selection, Strategy } from '../../src/acquisition/strategy.ts';
import { selectBackend } from '../../src/backend/backend.ts';
import { rootStream } from '../../src/random.ts';
import { rankingLoss, trainRanker } from '../../vaal/ranker.ts';
import { centredRanks, createTaVaal, rankAgreement } from '../../vaal/ta-vaal.ts';
import { TaVaalConfig } from '../../vaal/ta-vaal-config.ts';
import { createVaal } from '../../vaal/vaal.ts';
import { linearClassifier } from '../queries/toys.ts';
import { errorOf, inTurn, roundOf, SHAPE, small } from './toy-pool.ts';

beforeAll(() => selectBackend('cpu'));

const ranker = { units: 8, steps: 60, batch: 16, learningRate: 1e-2 };
const ranked = (options: object = {}) => TaVaalConfig.parse({ ...small(options), ranker });

const select = async (strategy: Strategy, round: Round) =>
  (await strategy.select(round)) as Extract<Selection, { kind: 'pool' }>;

describe('the ranker', () => {
  test('has its loss in closed form', async () => {
    const loss = rankingLoss(tf.tensor1d([2, -1, 0.5]), tf.tensor1d([1, 1, 0.5]));
    const log = (x: number) => Math.log1p(Math.exp(x));
    expect((await loss.data())[0]).toBeCloseTo((log(-2) + log(1) + (log(0.5) + log(-0.5)) / 2) / 3, 6);
  });

  test('learns an order from pairs, and leaves no tensors', async () => {
    const before = tf.memory().numTensors;
    const features = rootStream(3).normals(300);
    const losses = Float32Array.from({ length: 100 }, (_, row) => Math.exp(features[3 * row] as number));
    const trained = await trainRanker(
      { features, size: 3, losses },
      { ...ranker, steps: 250 },
      rootStream(4),
    );
    const fresh = rootStream(5).normals(150);
    const scores = await trained.score(fresh);
    const truth = Array.from(scores, (_, row) => fresh[3 * row] as number);
    expect(rankAgreement(scores, truth, [...truth.keys()])).toBeGreaterThan(0.9);
    trained.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  test('ranks lie around 0, whatever is added to the scores', () => {
    const [one, other] = centredRanks([Float32Array.of(5, 6), Float32Array.of(7)]) as [
      Float32Array,
      Float32Array,
    ];
    expect(one[1]).toBe(0);
    expect(one[0]).toBeCloseTo(1 / (1 + Math.E) - 0.5, 6);
    expect(other[0]).toBeCloseTo(-(one[0] as number), 6);
    expect(rankAgreement([1, 2, 2], [0, 1, 1], [0, 1, 2])).toBe(1);
    expect(rankAgreement([1, 1], [0, 1], [0, 1])).toBe(0.5);
    expect(rankAgreement([1, 2], [1, 1], [0, 1])).toBeNull();
  });
});

describe('TA-VAAL', () => {
  const round = (batch = 20) => roundOf(inTurn(40, [0, 1]), inTurn(150, [0, 1, 0, 1, 3]), { batch });

  test('buys exactly what VAAL does where all ranks are alike', async () => {
    // A task model without features ranks all images alike.
    const classifier = linearClassifier(new Float32Array(32), [0, 0], SHAPE);
    const blind: Round = {
      ...roundOf(inTurn(20, [0, 1]), inTurn(40, [0, 1, 3]), { batch: 12 }),
      classifier: { ...classifier, features: (images) => tf.zeros([images.shape[0], 3]) },
    };
    for (const network of [
      { kind: 'mlp', hidden: [16] },
      { kind: 'conv', channels: [4, 6] },
    ]) {
      const options = { network, steps: 5 };
      const { rows, diagnostics } = await select(createTaVaal(ranked(options)), blind);
      const vaal = await select(createVaal(small(options)), blind);
      expect(rows).toEqual(vaal.rows);
      expect(diagnostics).toMatchObject(vaal.diagnostics);
      const seeing = { ...blind, classifier: linearClassifier(rootStream(6).normals(32), [0, 0.1], SHAPE) };
      const told = (await select(createTaVaal(ranked(options)), seeing)).diagnostics.scoreQuantiles;
      expect(told).not.toEqual(diagnostics.scoreQuantiles);
    }
  });

  test('buys from the mode that was never labelled', async () => {
    const { rows, diagnostics, reconstructions } = await select(
      createTaVaal(ranked({ heldOut: 0.06 })),
      round(),
    );
    // All nine that were held out are shown.
    expect(errorOf(reconstructions!.unlabelled) / (diagnostics.reconstruction as number)).toBeCloseTo(1, 1);
    expect(rows.filter((row) => ((row - 1) / 2) % 5 === 4).length).toBeGreaterThanOrEqual(18);
    expect(diagnostics.rankAgreement).toBeGreaterThanOrEqual(0);
  });

  test('asked again says the same, and leaves no tensors', async () => {
    const one = round();
    const before = tf.memory().numTensors;
    const config = ranked({ steps: 3, faithful: { separateNorms: true, batchNormScoring: true } });
    const { times: _, ...first } = await select(createTaVaal(config), one);
    const { times: __, ...second } = await select(createTaVaal(config), one);
    expect(second).toEqual(first);
    expect(tf.memory().numTensors).toBe(before);
  });
});
