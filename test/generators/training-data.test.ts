import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, test } from 'vitest';
import { DcganConfig } from '../../generators/dcgan-config.ts';
import { M2Config } from '../../generators/m2-config.ts';
import type { TrainingData } from '../../generators/origin.ts';
import type { StepBatch } from '../../generators/trainable.ts';
import { checkTrainingData, StepBatches } from '../../generators/training-data.ts';
import { selectBackend } from '../../src/backend/backend.ts';
import { fromModelRange } from '../../src/datasets/dataset.ts';
import { rootStream } from '../../src/random.ts';

beforeAll(async () => {
  await selectBackend('cpu');
});

const SHAPE = [1, 2, 1] as const;
const DCGAN = DcganConfig.parse({ kind: 'dcgan', channels: [2], batch: 4 });
const M2 = M2Config.parse({ kind: 'm2', classes: 3, batch: 4, labelledBatch: 3 });

/** Images that say which they are: `first`, `first + 1`, ... in every pixel. */
const tagged = (count: number, first: number) =>
  Uint8Array.from({ length: 2 * count }, (_, i) => first + Math.floor(i / 2));
const UNLABELLED = tagged(22, 0);
const LABELLED = { images: tagged(9, 100), labels: Uint8Array.from({ length: 9 }, (_, i) => (i * 2) % 3) };
const DATA: TrainingData = { images: UNLABELLED, shape: SHAPE, labelled: LABELLED };

/** Tags of the images and labels of a batch, which is freed. */
async function tagsOf({ images, labelled }: StepBatch) {
  const read = async (tensor: tf.Tensor) =>
    [...fromModelRange(await tensor.data<'float32'>())].filter((_, pixel) => pixel % 2 === 0);
  const tags = {
    images: await read(images),
    labelled: labelled ? await read(labelled.images) : [],
    labels: labelled ? [...(await labelled.labels.data())] : [],
  };
  tf.dispose([images, ...Object.values(labelled ?? {})]);
  return tags;
}

test('an epoch shows every image once, but for what does not fill a batch, in an order of its own', async () => {
  const batches = new StepBatches(DCGAN, { images: UNLABELLED, shape: SHAPE }, 1, rootStream(1));
  const orders = [];
  for (let epoch = 0; epoch < 3; epoch++) {
    const seen: number[] = [];
    for (let step = 1; step <= 5; step++) {
      const { images, labelled } = await tagsOf(batches.at(5 * epoch + step));
      expect(images).toHaveLength(4);
      expect(labelled).toEqual([]);
      seen.push(...images);
    }
    expect(new Set(seen).size).toBe(20);
    orders.push(seen.join());
  }
  expect(new Set(orders).size).toBe(3);
});

test('labelled and unlabelled batches never share an image, and each has epochs of its own', async () => {
  const batches = new StepBatches(M2, DATA, 1, rootStream(1));
  const [images, labelled]: [number[][], number[][]] = [[], []];
  for (let step = 1; step <= 30; step++) {
    const tags = await tagsOf(batches.at(step));
    expect(tags.images.every((tag) => tag < 22)).toBe(true);
    expect(tags.labelled.every((tag) => tag >= 100 && tag < 109)).toBe(true);
    // A label stays with its image.
    expect(tags.labels).toEqual(tags.labelled.map((tag) => LABELLED.labels[tag - 100]));
    images.push(tags.images);
    labelled.push(tags.labelled);
  }
  // Three steps see all nine labelled images, five steps 20 of the 22 others.
  for (let first = 0; first < 30; first += 3) {
    expect(
      labelled
        .slice(first, first + 3)
        .flat()
        .sort(),
    ).toEqual(Array.from({ length: 9 }, (_, i) => 100 + i));
  }
  for (let first = 0; first < 30; first += 5) {
    expect(new Set(images.slice(first, first + 5).flat()).size).toBe(20);
  }
  expect(new Set(labelled.map((tags) => tags.join())).size).toBeGreaterThan(10);
});

test('a step that takes several batches takes the next ones of the same order', async () => {
  const data = { images: UNLABELLED, shape: SHAPE };
  const [one, three] = [1, 3].map((each) => new StepBatches(DCGAN, data, each, rootStream(1)));
  for (let step = 1; step <= 5; step++) {
    const wanted: number[] = [];
    for (let i = 1; i <= 3; i++) wanted.push(...(await tagsOf(one!.at(3 * (step - 1) + i))).images);
    expect((await tagsOf(three!.at(step))).images).toEqual(wanted);
  }
});

test('any step can be asked for, and leaves its batch alone behind', async () => {
  const batches = () => new StepBatches(M2, DATA, 1, rootStream(1));
  const [inOrder, anyhow] = [batches(), batches()];
  const seen = [];
  for (let step = 1; step <= 12; step++) seen.push(await tagsOf(inOrder.at(step)));
  for (const step of [12, 3, 7, 1]) expect(await tagsOf(anyhow.at(step))).toEqual(seen[step - 1]);
  const before = tf.memory().numTensors;
  const { images, labelled } = anyhow.at(5);
  expect(tf.memory().numTensors).toBe(before + 3);
  expect(labelled?.labels.dtype).toBe('int32');
  tf.dispose([images, ...Object.values(labelled ?? {})]);
});

test('says which data do not fit the model', () => {
  const check = (config: typeof DCGAN | typeof M2, data: Partial<TrainingData>) => () =>
    checkTrainingData(config, { images: UNLABELLED, shape: SHAPE, ...data });
  const labels = (...values: number[]) => ({
    labelled: { images: tagged(values.length, 100), labels: Uint8Array.from(values) },
  });
  expect(check(M2, labels(0, 1, 2))).not.toThrow();
  expect(check(M2, {})).toThrow(
    'trainGenerator.data.labelled: expected images with labels, since m2 learns from them, got none',
  );
  expect(check(DCGAN, labels(0, 1, 2))).toThrow(
    'trainGenerator.data.labelled: expected none, since dcgan learns from no labels, got 3 images',
  );
  expect(check(DCGAN, labels())).toThrow('since dcgan learns from no labels, got 0 images');
  expect(check(M2, labels(0, 3, 1, 7))).toThrow(
    'trainGenerator.data.labelled.labels: expected labels in [0, 3), got 3',
  );
  expect(check(M2, labels(0, 1))).toThrow('m2.labelledBatch: expected at most the 2 labelled images, got 3');
  expect(check(M2, { labelled: { images: tagged(4, 0), labels: Uint8Array.of(0, 1, 2) } })).toThrow(
    'trainGenerator.data.labelled: expected 3 images of 2 bytes, one a label, got 8 bytes',
  );
  expect(check(M2, { ...labels(0, 1, 2), images: tagged(3, 0) })).toThrow(
    'm2.batch: expected at most the 3 images, got 4',
  );
  expect(check(DCGAN, { images: new Uint8Array(9) })).toThrow(
    'trainGenerator.data.images: expected whole images of 2 bytes, got 9 bytes',
  );
});
