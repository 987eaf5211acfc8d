import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Generator } from '../../generators/generator.ts';
import { Adam } from '../../src/backend/adam.ts';
import { selectBackend } from '../../src/backend/backend.ts';
import { type ImageShape, imageSize, toModelRange } from '../../src/datasets/dataset.ts';
import { meanPairwiseDistance } from '../../src/queries/diagnostics.ts';
import { type SearchOptions, searchLatents } from '../../src/queries/latent-search.ts';
import { rootStream } from '../../src/random.ts';
import {
  linearClassifier,
  linearGenerator,
  randomLinearGenerator,
  randomSvm,
  scoresOf,
  toySvm,
} from './toys.ts';

// Not square and of two channels, so that any confusion of axes shows.
const SHAPE: ImageShape = [3, 5, 2];
const SIZE = imageSize(SHAPE);
const LATENT = 8;
const stream = rootStream(1).of('search');

beforeAll(async () => {
  await selectBackend('cpu');
});

const search = (options: SearchOptions, from = stream) =>
  searchLatents(randomLinearGenerator(LATENT, SHAPE), randomSvm(SHAPE), from, options);

/** `[queries, size]` to one array a query. */
function rowsOf<T extends Float32Array | Uint8Array>(values: T, size: number): T[] {
  return Array.from(
    { length: values.length / size },
    (_, row) => values.slice(row * size, (row + 1) * size) as T,
  );
}

const mean = (values: ArrayLike<number>) => Array.from(values).reduce((a, b) => a + b, 0) / values.length;

describe('searching the boundary of a linear machine through a linear generator', () => {
  test('ends on the hyperplane', async () => {
    const classifier = randomSvm(SHAPE);
    const generator = randomLinearGenerator(LATENT, SHAPE);
    const found = await searchLatents(generator, classifier, stream, { queries: 6 });
    expect(mean(found.objectiveStart)).toBeGreaterThan(0.3);
    const decoded = generator.generate(tf.tensor2d(found.latents, [6, LATENT]));
    rowsOf((await decoded.data()) as Float32Array, SIZE).forEach((image, query) => {
      const [first, second] = scoresOf(classifier, image) as [number, number];
      expect(Math.abs(second - first)).toBeLessThan(1e-3);
      expect(found.objectiveEnd[query]).toBeCloseTo(Math.abs(second - first), 4);
    });
  });

  test('reports the objective of the very bytes it returns', async () => {
    const classifier = randomSvm(SHAPE);
    const found = await searchLatents(randomLinearGenerator(LATENT, SHAPE), classifier, stream, {
      queries: 4,
    });
    rowsOf(found.images, SIZE).forEach((bytes, query) => {
      const [first, second] = scoresOf(classifier, toModelRange(bytes)) as [number, number];
      expect(found.objectiveEndQuantised[query]).toBeCloseTo(Math.abs(second - first), 4);
    });
    // One byte of a pixel moves f by up to |w| / 255, so bytes cannot lie as near as floats.
    expect(mean(found.objectiveEndQuantised)).toBeGreaterThan(mean(found.objectiveEnd));
    expect(mean(found.objectiveEndQuantised)).toBeLessThan(0.1 * mean(found.objectiveStart));
  });

  test('shows the classifier the pixels in its own order', async () => {
    // Only the pixel of row 1, column 4, channel 1 counts, and only the third latent moves it.
    const pixel = (1 * 5 + 4) * 2 + 1;
    const matrix = new Float32Array(3 * SIZE);
    matrix[2 * SIZE + pixel] = 0.4;
    const weights = new Array<number>(SIZE).fill(0);
    weights[pixel] = 1;
    const generator = linearGenerator(matrix, 3, SHAPE);
    const found = await searchLatents(generator, toySvm(weights, -0.39, SHAPE), stream, { queries: 3 });
    rowsOf(found.latents, 3).forEach((latent) => {
      expect(latent[2]).toBeCloseTo(0.39 / 0.4, 2);
    });
    rowsOf(found.images, SIZE).forEach((bytes) => {
      expect(bytes[pixel]).toBe(Math.round(1.39 * 127.5));
      expect(bytes.filter((value) => value !== 128)).toHaveLength(1);
    });
  });

  test('never ends above its start, though the last step is far off, and counts the last step', async () => {
    const found = await search({ queries: 8, restarts: 1, steps: 7, learningRate: 5, prior: 'none' });
    found.objectiveEnd.forEach((end, query) => {
      expect(end).toBeLessThanOrEqual(found.objectiveStart[query]!);
    });
    const once = await search({ queries: 8, restarts: 1, steps: 1, learningRate: 1e-3 });
    once.objectiveEnd.forEach((end, query) => {
      expect(end).toBeLessThan(once.objectiveStart[query]!);
    });
    const unmoved = await search({ queries: 8, restarts: 1, steps: 0 });
    expect(unmoved.objectiveEnd).toEqual(unmoved.objectiveStart);
    expect(unmoved.images).toEqual(unmoved.startImages);
    expect([...unmoved.crossed]).toEqual(new Array(8).fill(0));
  });

  test('tells whether the other side was seen on the way', async () => {
    // f = z: from a start at |z| two steps of 0.6 cross the boundary only from |z| < 1.2.
    const generator = linearGenerator(Float32Array.of(0.1), 1, [1, 1, 1]);
    const classifier = toySvm([10], 0, [1, 1, 1]);
    const found = await searchLatents(generator, classifier, stream, {
      queries: 60,
      restarts: 1,
      steps: 2,
      learningRate: 0.6,
    });
    const starts = Array.from({ length: 60 }, (_, query) =>
      Math.abs(stream.of('latents', query, 0).normal()),
    );
    starts.forEach((start, query) => {
      if (start < 0.55) expect(found.crossed[query]).toBe(1);
      if (start > 1.25) expect(found.crossed[query]).toBe(0);
    });
    expect(starts.filter((start) => start > 1.25).length).toBeGreaterThan(2);
    expect(starts.filter((start) => start < 0.55).length).toBeGreaterThan(2);
  });
});

test('finds where three classes tie for the lead', async () => {
  const weights = rootStream(8)
    .of('three')
    .normals(SIZE * 3);
  const classifier = linearClassifier(weights, [0.3, -0.2, 0], SHAPE);
  const generator = randomLinearGenerator(LATENT, SHAPE);
  const found = await searchLatents(generator, classifier, stream, { queries: 5 });
  const decoded = await generator.generate(tf.tensor2d(found.latents, [5, LATENT])).data();
  rowsOf(decoded as Float32Array, SIZE).forEach((image) => {
    const [best, second] = scoresOf(classifier, image).sort((a, b) => b - a) as [number, number];
    expect(best - second).toBeLessThan(1e-3);
  });
});

describe('the entropy', () => {
  test('of two classes is highest on the boundary', async () => {
    const found = await search({ queries: 5, objective: 'entropy' });
    for (const end of found.objectiveEnd) expect(end).toBeCloseTo(-Math.LN2, 5);
    for (const start of found.objectiveStart) expect(start).toBeGreaterThan(-Math.LN2);
  });

  test('is climbed even where the classifier is sure beyond the reach of 1e-8', async () => {
    // f = 5 z - 30: at z = 0 the gradient of the entropy is about 30 exp(-30) x 5 = 1e-11.
    const generator = linearGenerator(Float32Array.of(0.1), 1, [1, 1, 1]);
    const classifier = toySvm([50], -30, [1, 1, 1]);
    const found = await searchLatents(generator, classifier, stream, {
      queries: 8,
      objective: 'entropy',
      restarts: 1,
      steps: 300,
      prior: 'none',
    });
    for (const start of found.objectiveStart) expect(start).toBeGreaterThan(-1e-5);
    for (const end of found.objectiveEnd) expect(end).toBeCloseTo(-Math.LN2, 3);
  });
});

describe('the prior', () => {
  // The boundary lies at |z| = 40, far outside, so that every search leans on the edge.
  const matrix = new Float32Array(16).map((_, i) => (i === 0 ? 0.02 : 0));
  const norms = async (options: Partial<SearchOptions>) => {
    const generator = linearGenerator(matrix, 16, [1, 1, 1]);
    const found = await searchLatents(generator, toySvm([1], -0.8, [1, 1, 1]), stream, {
      queries: 6,
      learningRate: 0.5,
      ...options,
    });
    return rowsOf(found.latents, 16).map((latent) => Math.hypot(...latent));
  };

  test('holds latents to the outer edge', async () => {
    for (const norm of await norms({ prior: 'shell' })) expect(norm).toBeCloseTo(6, 4);
    for (const norm of await norms({ prior: 'ball', priorWidth: 1 })) expect(norm).toBeCloseTo(5, 4);
    for (const norm of await norms({ prior: 'shell', priorWidth: 0 })) expect(norm).toBeCloseTo(4, 4);
    for (const norm of await norms({ prior: 'none' })) expect(norm).toBeGreaterThan(20);
  });

  test('holds latents to the inner edge', async () => {
    // f = 2 z_0 + 3 z_1 + ... pulls towards the origin only.
    const generator = linearGenerator(
      new Float32Array(16 * 16).map((_, i) => (i % 17 === 0 ? 0.1 : 0)),
      16,
      [4, 4, 1],
    );
    // One hyperplane a coordinate, as classes that all tie at the origin.
    const weights = new Float32Array(16 * 17).map((_, i) => (i % 17 === Math.floor(i / 17) + 1 ? 1 : 0));
    const classifier = linearClassifier(weights, new Array(17).fill(0), [4, 4, 1]);
    const run = async (prior: 'shell' | 'ball') => {
      const found = await searchLatents(generator, classifier, stream, {
        queries: 4,
        objective: 'entropy',
        prior,
        priorWidth: 1,
        restarts: 1,
        steps: 200,
      });
      return rowsOf(found.latents, 16).map((latent) => Math.hypot(...latent));
    };
    for (const norm of await run('shell')) expect(norm).toBeGreaterThan(3 - 1e-4);
    for (const norm of await run('ball')) expect(norm).toBeLessThan(2.5);
  });
});

describe('independence', () => {
  test('no query depends on how many others there are', async () => {
    const [few, many] = [await search({ queries: 2 }), await search({ queries: 7 })];
    few.latents.forEach((value, i) => {
      expect(many.latents[i]).toBeCloseTo(value, 4);
    });
    expect(many.objectiveStart.slice(0, 2)).toEqual(few.objectiveStart);
  });

  test('a start does not depend on how many others there are', async () => {
    const [one, four] = [
      await search({ queries: 5, restarts: 1 }),
      await search({ queries: 5, restarts: 4 }),
    ];
    expect(four.objectiveStart).toEqual(one.objectiveStart);
    expect(four.startImages).toEqual(one.startImages);
    let better = 0;
    one.objectiveEndQuantised.forEach((value, query) => {
      expect(four.objectiveEndQuantised[query]).toBeLessThanOrEqual(value + 1e-5);
      if (four.objectiveEndQuantised[query]! < value - 1e-5) better++;
      // The first start, where it was kept, ran as it runs alone.
      else expect(four.latents[query * LATENT]).toBeCloseTo(one.latents[query * LATENT]!, 4);
    });
    expect(better).toBeGreaterThan(0);
  });

  test('Adam moves each row as if it were alone, whatever the others do', () => {
    const alone = tf.variable(tf.tensor2d([[1, 2]]));
    const beside = tf.variable(
      tf.tensor2d([
        [1, 2],
        [1, 2],
      ]),
    );
    const [adamAlone, adamBeside] = [new Adam([alone]), new Adam([beside])];
    for (const size of [1, -3, 0.5]) {
      adamAlone.apply({ [alone.name]: tf.tensor2d([[size, 0.1]]) });
      adamBeside.apply({
        [beside.name]: tf.tensor2d([
          [size, 0.1],
          [1e6 * size, Number.NaN],
        ]),
      });
    }
    expect([...beside.dataSync().slice(0, 2)]).toEqual([...alone.dataSync()]);
  });

  test('the same stream gives the same bytes, another one others, and none is used up', async () => {
    const from = rootStream(3).of('again');
    const before = from.state;
    const [first, second] = [await search({ queries: 3 }, from), await search({ queries: 3 }, from)];
    expect(second).toEqual(first);
    expect(from.state).toEqual(before);
    const other = await search({ queries: 3 }, rootStream(4).of('again'));
    expect(other.images).not.toEqual(first.images);
  });
});

describe('diversity', () => {
  test('spreads the queries, which stay near the boundary', async () => {
    const options = { queries: 6, restarts: 2, steps: 150 };
    const [off, on] = [await search(options), await search({ ...options, diversityWeight: 0.5 })];
    const spread = ({ images }: typeof on) => meanPairwiseDistance(images, SIZE)!;
    expect(spread(on)).toBeGreaterThan(1.1 * spread(off));
    expect(mean(on.objectiveEnd)).toBeLessThan(0.1 * mean(on.objectiveStart));
  });

  test('keeps one batch of starts as a whole', async () => {
    // Without steps the latents kept are the starts themselves, of one and the same number.
    const found = await search({ queries: 4, restarts: 5, steps: 0, diversityWeight: 1, prior: 'none' });
    const restarts = rowsOf(found.latents, LATENT).map((latent, query) =>
      Array.from({ length: 5 }, (_, r) => r).find(
        (r) => stream.of('latents', query, r).normals(LATENT)[0] === latent[0],
      ),
    );
    expect(restarts[0]).toBeTypeOf('number');
    expect(new Set(restarts).size).toBe(1);
  });
});

test('leaves no tensor behind, even when it fails', async () => {
  const generator = randomLinearGenerator(LATENT, SHAPE);
  const classifier = randomSvm(SHAPE);
  const broken = randomSvm(SHAPE, Number.NaN);
  const before = tf.memory().numTensors;
  await searchLatents(generator, classifier, stream, { queries: 3, steps: 3 });
  await searchLatents(generator, classifier, stream, { queries: 3, steps: 3, diversityWeight: 1 });
  expect(tf.memory().numTensors).toBe(before);
  await expect(searchLatents(generator, broken, stream, { queries: 3, steps: 3 })).rejects.toThrow(
    'searchLatents: expected finite class scores of generated images, got none for query 0',
  );
  expect(tf.memory().numTensors).toBe(before);
  const throws: Generator = {
    ...generator,
    generate: () => {
      throw new Error('out of order');
    },
  };
  await expect(searchLatents(throws, classifier, stream, { queries: 3 })).rejects.toThrow('out of order');
  expect(tf.memory().numTensors).toBe(before);
});

test('a start that breaks down does not spoil the others of its query', async () => {
  // The square root has no value for a negative latent; as a byte NaN is black, which is on the boundary.
  const generator: Generator = {
    ...randomLinearGenerator(1, [1, 1, 1]),
    generate: (latents) =>
      tf.tidy(() => tf.reshape(tf.sub(1, tf.sqrt(latents)), [-1, 1, 1, 1]) as tf.Tensor4D),
  };
  const options = { queries: 6, restarts: 12, learningRate: 0.2, prior: 'none' } as const;
  const found = await searchLatents(generator, toySvm([1], 1, [1, 1, 1]), stream, options);
  expect([...found.objectiveStart].some(Number.isNaN)).toBe(true);
  for (const end of found.objectiveEnd) expect(end).toBeLessThan(0.01);
  for (const latent of found.latents) expect(latent).toBeCloseTo(4, 1);
});

test('names the argument in its errors', async () => {
  const fails = (options: Partial<SearchOptions>) =>
    expect(search({ queries: 1, ...options } as SearchOptions)).rejects;
  await fails({ queries: 0 }).toThrow('searchLatents.queries: expected an integer of at least 1, got 0');
  await fails({ steps: -1 }).toThrow('searchLatents.steps: expected an integer of at least 0, got -1');
  await fails({ restarts: 1.5 }).toThrow(
    'searchLatents.restarts: expected an integer of at least 1, got 1.5',
  );
  await fails({ learningRate: 0 }).toThrow('searchLatents.learningRate: expected a positive number, got 0');
  await fails({ priorWidth: Number.NaN }).toThrow(
    'searchLatents.priorWidth: expected a number of at least 0, got NaN',
  );
  await fails({ diversityWeight: -1 }).toThrow(
    'searchLatents.diversityWeight: expected a number of at least 0, got -1',
  );
  await fails({ objective: 'margin' as never }).toThrow(
    'searchLatents.objective: expected one of boundary, entropy, got margin',
  );
  await fails({ prior: 'cube' as never }).toThrow(
    'searchLatents.prior: expected one of shell, ball, none, got cube',
  );
  await expect(
    searchLatents(randomLinearGenerator(2, [5, 3, 2]), randomSvm(SHAPE), stream, { queries: 1 }),
  ).rejects.toThrow(
    'searchLatents.generator: expected images [3, 5, 2] as the classifier takes, got [5, 3, 2]',
  );
});
