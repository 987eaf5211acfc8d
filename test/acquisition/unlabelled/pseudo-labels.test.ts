import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { trainTaskModel } from '../../../src/acquisition/task-model/train.ts';
import type { UnlabelledImages } from '../../../src/acquisition/task-model/train-m2.ts';
import { PseudoLabelConfig } from '../../../src/acquisition/unlabelled/config.ts';
import { mixedBatches } from '../../../src/acquisition/unlabelled/mixed-batches.ts';
import { confident, pseudoLabelsOf } from '../../../src/acquisition/unlabelled/pseudo-labels.ts';
import { selectBackend } from '../../../src/backend/backend.ts';
import { ClassifierConfig } from '../../../src/classifiers/config.ts';
import { predictedClasses, probabilities, scoreImages } from '../../../src/classifiers/predict.ts';
import { trainClassifier } from '../../../src/classifiers/train.ts';
import { rootStream } from '../../../src/random.ts';
import { type PoolIndex, poolIndex } from '../../../src/shapes.ts';
import { linearClassifier } from '../../queries/toys.ts';
import { inTurn, modeImages, SHAPE } from '../../vaal/toy-pool.ts';

beforeAll(() => selectBackend('cpu'));

const stream = rootStream(5);
const confidence = (options: object = {}) =>
  PseudoLabelConfig.parse({ kind: 'confidence', threshold: 0.6, ...options });
const propagation = (options: object = {}) =>
  PseudoLabelConfig.parse({ kind: 'label-propagation', neighbours: 4, share: 0.5, ...options });

const modes = inTurn(40, [0, 1, 2, 3, 3, 1, 0]);
const pool = modeImages(modes, 'pool');
const imageOf = (row: number) => pool.subarray(((row - 5) / 3) * 16, ((row - 5) / 3 + 1) * 16);
/** Rows 5, 8, 11, ..., so that a row is never its position. */
const unlabelled: UnlabelledImages = {
  candidates: modes.map((_, position) => poolIndex(3 * position + 5)),
  bytes: (rows) => Uint8Array.from(rows.flatMap((row) => [...imageOf(row)])),
};
const known = { images: modeImages([0, 1, 2, 3], 'known'), labels: Uint8Array.of(0, 1, 2, 3), n: 4 };
const modeOf = (row: PoolIndex) => modes[(row - 5) / 3];

describe('confident rows', () => {
  const classes = 3;
  const probs = probabilities(
    stream
      .of('scores')
      .normals(3 * 200)
      .map((value) => 2 * value),
    classes,
  );
  const rows = Array.from({ length: 200 }, (_, row) => [...probs.subarray(3 * row, 3 * row + 3)]);

  test('are those that reach the threshold, with their likeliest class, by brute force', () => {
    for (const threshold of [0.34, 0.7, 0.95, 1]) {
      const expected = rows.flatMap((row, candidate) =>
        Math.max(...row) >= threshold ? [{ candidate, label: row.indexOf(Math.max(...row)) }] : [],
      );
      expect(confident(probs, classes, { threshold, atMost: undefined })).toEqual(expected);
    }
  });

  test('of a class are at most so many, the most certain', () => {
    const found = confident(probs, classes, { threshold: 0.6, atMost: 4 });
    for (const label of [0, 1, 2]) {
      const certain = rows
        .map((row, candidate) => ({ candidate, p: row[label]! }))
        .filter(({ p, candidate }) => p >= 0.6 && p === Math.max(...rows[candidate]!))
        .sort((a, b) => b.p - a.p)
        .slice(0, 4)
        .map(({ candidate }) => candidate)
        .sort((a, b) => a - b);
      expect(found.filter((given) => given.label === label).map(({ candidate }) => candidate)).toEqual(
        certain,
      );
    }
    const equal = Float32Array.of(0.9, 0.1, 0.9, 0.1, 0.9, 0.1);
    expect(confident(equal, 2, { threshold: 0.5, atMost: 2 }).map(({ candidate }) => candidate)).toEqual([
      0, 1,
    ]);
  });
});

describe('pseudo-labels', () => {
  test('by confidence go to the rows whose image was judged', async () => {
    const classifier = linearClassifier(rootStream(6).normals(64), [0, 0.1, 0, 0], SHAPE);
    const { rows, labels } = await pseudoLabelsOf(confidence(), classifier, known, unlabelled, stream);
    expect(rows.length).toBeGreaterThan(5);
    expect(rows.length).toBeLessThan(40);
    for (const row of unlabelled.candidates) {
      const scores = await scoreImages(classifier, imageOf(row));
      const [label] = predictedClasses(scores, 4);
      const isSure = Math.max(...probabilities(scores, 4)) >= 0.6;
      expect(rows.includes(row)).toBe(isSure);
      if (isSure) expect(labels[rows.indexOf(row)]).toBe(label);
    }
  });

  test('by propagation go to the rows near a label: a share of them, each once', async () => {
    // Its features are the pixels, by which the four kinds of image lie apart.
    const classifier = linearClassifier(rootStream(6).normals(64), [0, 0, 0, 0], SHAPE);
    const before = tf.memory().numTensors;
    const { rows, labels } = await pseudoLabelsOf(propagation(), classifier, known, unlabelled, stream);
    expect(tf.memory().numTensors).toBe(before);
    expect(rows).toHaveLength(20);
    expect(new Set(rows).size).toBe(20);
    expect(labels).toEqual(rows.map(modeOf));
    const again = await pseudoLabelsOf(propagation(), classifier, known, unlabelled, stream);
    expect(again).toEqual({ rows, labels });
    const other = await pseudoLabelsOf(propagation(), classifier, known, unlabelled, rootStream(9));
    expect(other.rows).not.toEqual(rows);
  });

  test('by propagation over an approximate graph are as good', async () => {
    const classifier = linearClassifier(rootStream(6).normals(64), [0, 0, 0, 0], SHAPE);
    const config = propagation({ index: { kind: 'lsh-forest' } });
    const { rows, labels } = await pseudoLabelsOf(config, classifier, known, unlabelled, stream);
    expect(labels).toEqual(rows.map(modeOf));
  });

  test('are none without candidates', async () => {
    const classifier = linearClassifier(rootStream(6).normals(64), [0, 0, 0, 0], SHAPE);
    const empty = { ...unlabelled, candidates: [] };
    const none = { rows: [], labels: [] };
    expect(await pseudoLabelsOf(confidence(), classifier, known, empty, stream)).toEqual(none);
    expect(await pseudoLabelsOf(propagation(), classifier, known, empty, stream)).toEqual(none);
  });
});

describe('the training on pseudo-labels', () => {
  const config = ClassifierConfig.parse({
    kind: 'mlp',
    hidden: [8],
    updates: 12,
    batch: 6,
    learningRate: 0.02,
  });
  const options = { shape: SHAPE, classes: 4, weights: stream.of('weights'), order: stream.of('order') };
  const scoresOf = async (model: Awaited<ReturnType<typeof trainTaskModel>>) => {
    const scores = await scoreImages(model, pool);
    model.dispose();
    return scores;
  };

  test('is on the labelled and, anew, on both: written out', async () => {
    const pseudoLabels = confidence({ threshold: 0.5, labelledShare: 0.34 });
    const before = tf.memory().numTensors;
    const model = await trainTaskModel(config, known, unlabelled, {
      ...options,
      unlabelled: { pseudoLabels },
    });
    const given = model.pseudoLabels!;
    const scores = await scoresOf(model);
    expect(tf.memory().numTensors).toBe(before);
    expect(given.rows.length).toBeGreaterThan(10);

    const first = await trainClassifier(config, known, options);
    expect(given).toEqual(
      await pseudoLabelsOf(pseudoLabels, first, known, unlabelled, options.order.of('pseudo-labels')),
    );
    first.dispose();
    const order = options.order.of('anew');
    const counts = { labelled: 4, others: given.rows.length };
    const both = {
      images: Uint8Array.from([...known.images, ...unlabelled.bytes(given.rows)]),
      labels: Uint8Array.from([...known.labels, ...given.labels]),
      n: 4 + given.rows.length,
    };
    const second = await trainClassifier(config, both, {
      ...options,
      order,
      batches: mixedBatches(counts, 6, 0.34, order),
    });
    expect(second.training.labels).toBe(both.n);
    expect(await scoresOf(second)).toEqual(scores);
  });

  test('is the training without them where no image is sure enough', async () => {
    const plain = await trainTaskModel(config, known, unlabelled, options);
    expect(plain.pseudoLabels).toBeUndefined();
    const pseudoLabels = confidence({ threshold: 1 });
    const model = await trainTaskModel(config, known, unlabelled, {
      ...options,
      unlabelled: { pseudoLabels },
    });
    expect(model.pseudoLabels).toEqual({ rows: [], labels: [] });
    expect(await scoresOf(model)).toEqual(await scoresOf(plain));
  });

  test('leaves out rows that are trained on already', async () => {
    const taken = unlabelled.candidates.slice(0, 30);
    const use = { pseudoLabels: confidence({ threshold: 0.3 }), taken };
    const model = await trainTaskModel(config, known, unlabelled, { ...options, unlabelled: use });
    model.dispose();
    const free = unlabelled.candidates.slice(30);
    expect(model.pseudoLabels?.rows.length).toBeGreaterThan(3);
    expect(model.pseudoLabels?.rows.filter((row) => !free.includes(row))).toEqual([]);
  });

  test('starts from a pre-trained body, under the last layer that the stream draws', async () => {
    const still = { ...config, learningRate: 1e-30, updates: 1 };
    const drawn = await trainClassifier(still, known, options);
    const values = stream.of('body').normals(16 * 8);
    const body = new Map([['dense-1/kernel', { shape: [16, 8], values }]]);
    const model = await trainTaskModel(still, known, unlabelled, { ...options, unlabelled: { body } });
    const read = (of: typeof model, name: string) => of.weights().get(name)!.data();
    expect(await read(model, 'dense-1/kernel')).toEqual(values);
    expect(await read(model, 'classes/kernel')).toEqual(await read(drawn, 'classes/kernel'));
    model.dispose();
    drawn.dispose();
  });

  test('refuses a body of another network, and leaves no tensor', async () => {
    const before = tf.memory().numTensors;
    const train = (name: string, shape: number[]) => {
      const body = new Map([[name, { shape, values: new Float32Array(4) }]]);
      return trainTaskModel(config, known, unlabelled, { ...options, unlabelled: { body } });
    };
    await expect(train('dense-1/kernel', [4, 1])).rejects.toThrow(
      'trainClassifier.start: expected [16, 8], got dense-1/kernel of shape [4, 1]',
    );
    await expect(train('conv-1/kernel', [4])).rejects.toThrow('expected a variable of the network');
    expect(tf.memory().numTensors).toBe(before);
  });
});
