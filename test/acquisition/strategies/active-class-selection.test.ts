import { beforeAll, describe, expect, test } from 'vitest';
import { crossValidated } from '../../../src/acquisition/cross-validation.ts';
import {
  allotted,
  classShares,
  createActiveClassSelection,
} from '../../../src/acquisition/strategies/active-class-selection.ts';
import { ActiveClassSelectionConfig } from '../../../src/acquisition/strategies/active-class-selection-config.ts';
import { selectBackend } from '../../../src/backend/backend.ts';
import { LinearSvmConfig } from '../../../src/classifiers/config.ts';
import { predictedClasses, scoreImages } from '../../../src/classifiers/predict.ts';
import { rootStream } from '../../../src/random.ts';
import { linearClassifier } from '../../queries/toys.ts';
import { keepsItsPromises } from './pool-strategy-promises.ts';
import { bought, CLASSES, SHAPE, SIZE, toyModel, toyRound } from './toy-rounds.ts';

beforeAll(() => selectBackend('cpu'));

const config = LinearSvmConfig.parse({ kind: 'linear-svm', updates: 200 });
const round = { classifier: { ...toyModel(), config } };
const options = (change: object = {}) => ActiveClassSelectionConfig.parse({ folds: 2, ...change });

describe('shares of the classes', () => {
  // Class 0: 3 of 4 right now, 1 of 2 before. Class 1: 1 of 2 now, 2 of 2 before. Class 2: none.
  const validated = {
    labels: [0, 0, 1, 1, 0, 0],
    before: [0, 1, 1, 1],
    now: [0, 0, 1, 0, 0, 1],
  };

  test('are 1 over the accuracy, of a class without labels over one half', () => {
    expect([...classShares('inverse', validated, 3)]).toEqual([6 / 4, 4 / 2, 2]);
  });

  test('are what the accuracy gained, 0 where it fell', () => {
    const [gained, fell, none] = classShares('accuracy-improvement', validated, 3);
    expect(gained).toBeCloseTo(4 / 6 - 2 / 4, 12);
    expect([fell, none]).toEqual([0, 0]);
  });

  test('are the share of images before whose class changed', () => {
    expect([...classShares('redistricting', validated, 3)]).toEqual([1 / 2, 1 / 2, 0]);
  });

  test('are all 0 where nothing was there before', () => {
    const first = { ...validated, before: [] };
    expect([...classShares('accuracy-improvement', first, 3)]).toEqual([0, 0, 0]);
    expect([...classShares('redistricting', first, 3)]).toEqual([0, 0, 0]);
  });
});

test('a batch is allotted in whole numbers, evenly if there is nothing to go by', () => {
  expect(allotted(Float64Array.of(1, 1, 2), 8, rootStream(1))).toEqual([2, 2, 4]);
  expect(allotted(Float64Array.of(0, 0.2, 0.9), 10, rootStream(1))).toEqual([0, 2, 8]);
  const even = allotted(new Float64Array(4), 10, rootStream(1));
  expect([...even].sort()).toEqual([2, 2, 3, 3]);
  const others = Array.from({ length: 20 }, (_, seed) =>
    allotted(new Float64Array(4), 10, rootStream(seed + 1)),
  );
  expect(new Set(others.map(String)).size).toBeGreaterThan(2);
});

test('cross-validation asks a model that never saw the image', async () => {
  // In the first fold bright images are of class 1, in the second dark ones: each fold's model is wrong on the other.
  const bytes = [10, 240, 30, 220, 20, 230, 15, 235];
  const foldOf = bytes.map((_, row) => Number(row >= 4));
  const labels = Uint8Array.from(bytes, (byte, row) => Number(byte > 128 === (foldOf[row] === 0)));
  const images = Uint8Array.from(bytes.flatMap((byte) => new Array<number>(SIZE).fill(byte)));
  const model = { ...linearClassifier(new Float32Array(SIZE * 2), [0, 0], SHAPE), config };
  const predicted = await crossValidated(model, { images, labels, n: 8 }, foldOf, rootStream(1));
  expect([...predicted]).toEqual([...labels].map((label) => 1 - label));
});

describe('active-class-selection', () => {
  keepsItsPromises(() => createActiveClassSelection(options()), { round, sameForAnyStream: false });

  test('draws as many of each predicted class as it wants, and tells how many there were too few', async () => {
    const made = toyRound({ ...round, batch: 12 });
    const { rows, diagnostics } = await bought(
      createActiveClassSelection(options({ rule: 'inverse' })),
      made,
    );
    const wanted = diagnostics.classesWanted as number[];
    expect(wanted.reduce((sum, count) => sum + count, 0)).toBe(12);
    const predicted = predictedClasses(await scoreImages(round.classifier, made.pool.bytes(rows)), CLASSES);
    const counts = Array.from({ length: CLASSES }, (_, k) => predicted.filter((label) => label === k).length);
    expect(diagnostics.classShortage).toBe(0);
    expect(counts).toEqual(wanted);
    expect(diagnostics.classAccuracies).toHaveLength(CLASSES);
  });

  test('fills a class that has too few by its highest probability', async () => {
    // Everything is taken for the first class, the less so the brighter the first pixel.
    const kernel = Float32Array.from({ length: SIZE * 2 }, (_, at) => (at === 1 ? 1 : 0));
    const classifier = { ...linearClassifier(kernel, [5, 0], SHAPE), config };
    const made = toyRound({ classifier, batch: 6 });
    const { rows, diagnostics } = await bought(createActiveClassSelection(options()), made);
    expect(diagnostics.classesWanted).toEqual([3, 3]);
    expect(diagnostics.classShortage).toBe(3);
    const first = (row: number) => made.pool.bytes([row] as never)[0]!;
    const drawn = rows.slice(0, 3);
    const left = made.pool.candidates.filter((row) => !drawn.includes(row)).map(first);
    expect(rows.slice(3).map(first)).toEqual(left.sort((a, b) => b - a).slice(0, 3));
  });

  test('goes by what the last batch changed from the second round on', async () => {
    const first = toyRound({ ...round, batch: 4 });
    const { memory } = await createActiveClassSelection(options())
      .select(first)
      .then((made) => made as { memory: object });
    expect(memory).toEqual({ labelled: first.labelled.n });
    const made = { ...first, round: 2, memory: { labelled: first.labelled.n - 3 } };
    const once = await bought(createActiveClassSelection(options({ rule: 'redistricting' })), made);
    expect(once.diagnostics.classesWanted).not.toEqual([1, 1, 1, 1]);
    const again = await bought(createActiveClassSelection(options({ rule: 'redistricting' })), made);
    expect(again).toEqual(once);
    // A batch of which nothing was answered has changed nothing.
    const unanswered = { ...made, memory: { labelled: first.labelled.n } };
    const even = await bought(createActiveClassSelection(options({ rule: 'redistricting' })), unanswered);
    expect(even.diagnostics.classesWanted).toEqual([1, 1, 1, 1]);
  });
});
