import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import type { MemberProbabilities } from '../../../src/acquisition/member-probabilities.ts';
import { createBald, mutualInformation } from '../../../src/acquisition/strategies/bald.ts';
import { consensusEntropies, createMcEntropy } from '../../../src/acquisition/strategies/mc-entropy.ts';
import { createMeanStd, meanDeviations } from '../../../src/acquisition/strategies/mean-std.ts';
import {
  createQueryByCommittee,
  voteEntropies,
} from '../../../src/acquisition/strategies/query-by-committee.ts';
import { QueryByCommitteeConfig } from '../../../src/acquisition/strategies/query-by-committee-config.ts';
import {
  createVariationRatios,
  variationRatios,
} from '../../../src/acquisition/strategies/variation-ratios.ts';
import { selectBackend } from '../../../src/backend/backend.ts';
import type { TrainedClassifier } from '../../../src/classifiers/classifier.ts';
import { LinearSvmConfig, MlpConfig } from '../../../src/classifiers/config.ts';
import { buildMlp } from '../../../src/classifiers/mlp.ts';
import { Network } from '../../../src/classifiers/network.ts';
import { probabilities, sampleScoresOfImages, scoreImages } from '../../../src/classifiers/predict.ts';
import { trainClassifier } from '../../../src/classifiers/train.ts';
import { trained } from '../../../src/classifiers/train-network.ts';
import { rootStream } from '../../../src/random.ts';
import { keepsItsPromises } from './pool-strategy-promises.ts';
import { bought, CLASSES, SHAPE, toyModel, toyRound } from './toy-rounds.ts';

const measures = {
  mutualInformation,
  consensusEntropy: consensusEntropies,
  deviation: meanDeviations,
  voteEntropy: voteEntropies,
  variationRatio: variationRatios,
};
type Measure = keyof typeof measures;
const LIBRARIES = ['scikit-activeml', 'modAL', 'SciPy'] as const;

const reference = JSON.parse(
  readFileSync(new URL('../../fixtures/active-learning/disagreement.json', import.meta.url), 'utf8'),
) as { members: number; classes: number; probs: number[] } & Record<
  (typeof LIBRARIES)[number],
  Partial<Record<Measure, number[]>>
>;

const config = MlpConfig.parse({ kind: 'mlp', hidden: [12], updates: 10, batch: 4 });
let wet: TrainedClassifier;

beforeAll(async () => {
  await selectBackend('cpu');
  const { body, head } = buildMlp(config, SHAPE, CLASSES, rootStream(8));
  const layers = { body: body.map((stage) => ({ ...stage, dropout: 0.5 })), head };
  const training = { labels: 0, updates: 0, objective: 0, dualityGap: null };
  wet = trained(config, new Network(layers, SHAPE, CLASSES), training);
});

const membersOf = (...rows: number[][][]): MemberProbabilities => ({
  probs: Float32Array.from(rows.flat(2)),
  members: rows[0]!.length,
  classes: rows[0]![0]!.length,
});

describe.each(LIBRARIES)('beside %s', (library) => {
  test.each(Object.keys(reference[library]) as Measure[])('%s is the same', (measure) => {
    const { members, classes, probs } = reference;
    const ours = measures[measure]({ probs: Float32Array.from(probs), members, classes });
    reference[library][measure]?.forEach((value, row) => {
      // Its clipping moves divergences of certain members by up to 2e-6.
      const clipped = library === 'scikit-activeml' && measure === 'mutualInformation';
      expect(Math.abs(ours[row]! - value)).toBeLessThan(clipped ? 5e-6 : 1e-6);
    });
  });
});

describe('members', () => {
  const agreed = membersOf([
    [0.3, 0.7],
    [0.3, 0.7],
  ]);
  const opposed = membersOf([
    [1, 0],
    [0, 1],
  ]);

  test('that agree have no mutual information, votes apart or deviation, however unsure they are', () => {
    expect(mutualInformation(agreed)[0]).toBeCloseTo(0, 12);
    expect([voteEntropies(agreed)[0], variationRatios(agreed)[0], meanDeviations(agreed)[0]]).toEqual([
      0, 0, 0,
    ]);
    expect(consensusEntropies(agreed)[0]).toBeCloseTo(0.6109, 4);
  });

  test('that are certain of different classes have the most there is', () => {
    for (const measure of [mutualInformation, voteEntropies, consensusEntropies]) {
      expect(measure(opposed)[0]).toBeCloseTo(Math.LN2, 12);
    }
    expect([variationRatios(opposed)[0], meanDeviations(opposed)[0]]).toEqual([0.5, 0.5]);
  });

  test('have mutual information between 0 and ln classes', () => {
    for (let seed = 1; seed <= 5; seed++) {
      const scores = rootStream(seed)
        .normals(50 * 4 * 3)
        .map((score) => 5 * score);
      const found = mutualInformation({ probs: probabilities(scores, 3), members: 4, classes: 3 });
      expect(Math.min(...found)).toBeGreaterThanOrEqual(0);
      expect(Math.max(...found)).toBeLessThanOrEqual(Math.log(3));
    }
  });
});

describe.each([
  ['bald', createBald, mutualInformation, 'MutualInformation'],
  ['variation-ratios', createVariationRatios, variationRatios, 'VariationRatio'],
  ['mean-std', createMeanStd, meanDeviations, 'Deviation'],
  ['mc-entropy', createMcEntropy, consensusEntropies, 'ConsensusEntropy'],
] as const)('%s', (_, create, measure, name) => {
  // A getter, because the model is made after the tests are declared.
  const round = {
    get classifier() {
      return wet;
    },
  };
  keepsItsPromises(() => create({ passes: 4 }), { round, sameForAnyStream: false });

  test('takes the highest scores under the networks of the round', async () => {
    const made = toyRound({ classifier: wet });
    const { rows, diagnostics } = await bought(create({ passes: 7 }), made);
    const images = made.pool.bytes(made.pool.candidates);
    const sampled = await sampleScoresOfImages(wet, images, rootStream(1).of('passes'), 7);
    const scores = measure({ probs: probabilities(sampled, CLASSES), members: 7, classes: CLASSES });
    const best = [...scores].sort((a, b) => b - a).slice(0, 6);
    expect(rows.map((row) => scores[row - 20])).toEqual(best);
    expect(diagnostics[`mean${name}Selected`]).toBeCloseTo(
      best.reduce((sum, value) => sum + value / 6, 0),
      9,
    );
  });

  test('refuses a model without dropout', async () => {
    await expect(create({ passes: 4 }).select(toyRound())).rejects.toThrow(
      'expected one trained with dropout',
    );
  });
});

describe('query-by-committee', () => {
  const committee = (options: object = {}) =>
    createQueryByCommittee(QueryByCommitteeConfig.parse({ members: 2, ...options }));
  const round = {
    get classifier() {
      return { ...toyModel(), config };
    },
  };
  keepsItsPromises(() => committee(), { round, sameForAnyStream: false });

  test('takes what members trained by the one routine disagree on', async () => {
    const made = toyRound(round);
    const images = made.pool.bytes(made.pool.candidates);
    const { rows } = await bought(committee(), made);
    const tables: Float32Array[] = [];
    for (const member of [0, 1]) {
      const stream = rootStream(1).of('member', member);
      const model = await trainClassifier(config, made.labelled, {
        shape: SHAPE,
        classes: CLASSES,
        weights: stream.of('weights'),
        order: stream.of('order'),
      });
      tables.push(probabilities(await scoreImages(model, images), CLASSES));
      model.dispose();
    }
    const probs = Float32Array.from({ length: 2 * tables[0]!.length }, (_, at) => {
      const [row, member, k] = [Math.floor(at / (2 * CLASSES)), Math.floor(at / CLASSES) % 2, at % CLASSES];
      return tables[member]![row * CLASSES + k]!;
    });
    const scores = mutualInformation({ probs, members: 2, classes: CLASSES });
    const order = [...scores.keys()].sort((a, b) => scores[b]! - scores[a]!);
    expect(rows).toEqual(order.slice(0, 6).map((at) => made.pool.candidates[at]));
  });

  test('counts votes if told to', async () => {
    const made = toyRound(round);
    const { diagnostics } = await bought(committee({ disagreement: 'vote-entropy' }), made);
    expect(diagnostics.meanVoteEntropySelected).toBeCloseTo(Math.LN2, 6);
  });

  test('makes linear machines, which agree on the same labels, disagree by bagging', async () => {
    const svm = LinearSvmConfig.parse({ kind: 'linear-svm', updates: 3000 });
    const made = toyRound({ classifier: { ...toyModel(), config: svm } });
    const same = (await bought(committee(), made)).diagnostics.meanDivergencePool as number;
    const bagged = (await bought(committee({ bagging: true }), made)).diagnostics.meanDivergencePool;
    expect(same).toBeLessThan(1e-3);
    expect(bagged).toBeGreaterThan(10 * same + 1e-3);
  });
});
