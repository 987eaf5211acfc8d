import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Generator } from '../../../generators/generator.ts';
import type { FeatureMap } from '../../../matching/features/feature-map.ts';
import { IndexConfig } from '../../../matching/indexes/config.ts';
import type { Matcher } from '../../../matching/matcher.ts';
import { buildMatchIndex } from '../../../matching/stored-index.ts';
import { createAsal } from '../../../src/acquisition/strategies/asal.ts';
import { AsalConfig } from '../../../src/acquisition/strategies/asal-config.ts';
import type { Round, Selection } from '../../../src/acquisition/strategy.ts';
import { selectBackend } from '../../../src/backend/backend.ts';
import { entropies, margins, probabilities, scoreImages } from '../../../src/classifiers/predict.ts';
import { type ImageShape, imageSize } from '../../../src/datasets/dataset.ts';
import { searchLatents } from '../../../src/queries/latent-search.ts';
import { rootStream } from '../../../src/random.ts';
import { type PoolIndex, poolIndex } from '../../../src/shapes.ts';
import { linearClassifier, linearGenerator, randomLinearGenerator, randomSvm } from '../../queries/toys.ts';

const SHAPE: ImageShape = [4, 3, 2];
const SIZE = imageSize(SHAPE);
const LATENTS = 6;

beforeAll(async () => {
  await selectBackend('cpu');
});

const draws = rootStream(3);
/** Greyish images, as those of the toy generator are. */
const images = Uint8Array.from({ length: 60 * SIZE }, () => 96 + draws.integer(64));
const all = Array.from({ length: 60 }, (_, row) => poolIndex(row));

/** The pixels themselves, so that distances can be had by hand. */
const pixels: FeatureMap = {
  kind: 'pixels',
  size: SIZE,
  version: 'pixels',
  features: (of) => tf.tidy(() => tf.reshape(of, [-1, SIZE]) as tf.Tensor2D),
  dispose: () => {},
};

async function matcherOf(kind = 'exact'): Promise<Matcher> {
  const index = await buildMatchIndex({
    bytes: images,
    shape: SHAPE,
    rows: all,
    map: pixels,
    config: IndexConfig.parse({ kind }),
    stream: rootStream(8),
  });
  return { map: pixels, index, dispose: () => index.dispose() };
}

const bytesOf = (rows: readonly PoolIndex[], from = images) =>
  Uint8Array.from(rows.flatMap((row) => [...from.subarray(row * SIZE, (row + 1) * SIZE)]));

const roundOf = (options: Partial<Round> = {}, candidates: readonly PoolIndex[] = all): Round => ({
  round: 1,
  batch: 5,
  classifier: randomSvm(SHAPE),
  pool: { shape: SHAPE, classes: 2, candidates, bytes: (rows) => bytesOf(rows) },
  labelled: { images: new Uint8Array(), labels: new Uint8Array(), n: 0 },
  stream: rootStream(1).of('asal', 1),
  ...options,
});

interface Set {
  readonly options?: object;
  readonly generator?: Generator;
  readonly round?: Round;
  readonly kind?: string;
}

async function select({ options = {}, generator, round = roundOf(), kind }: Set = {}) {
  const matcher = await matcherOf(kind);
  const parsed = AsalConfig.parse({ steps: 30, ...options });
  try {
    const strategy = createAsal(parsed, {
      generator: generator ?? randomLinearGenerator(LATENTS, SHAPE),
      matcher: parsed.features.kind === 'task-model' ? undefined : matcher,
    });
    return (await strategy.select(round)) as Extract<Selection, { kind: 'pool' }>;
  } finally {
    matcher.dispose();
  }
}

const distance = (one: ArrayLike<number>, other: ArrayLike<number>) =>
  Math.hypot(...Array.from({ length: SIZE }, (_, i) => ((one[i] as number) - (other[i] as number)) / 127.5));

describe('ASAL', () => {
  test('buys for each synthesised image the nearest row that is left, as brute force over all pixels does', async () => {
    const candidates = all.filter((row) => row % 3 !== 0);
    const round = roundOf({ batch: 8 }, candidates);
    const { rows, matched } = await select({ round });
    const synthesised = matched?.images as Uint8Array;
    const taken = new Set<PoolIndex>();
    const wanted = rows.map((_, query) => {
      const query0 = synthesised.subarray(query * SIZE, (query + 1) * SIZE);
      const free = candidates.filter((row) => !taken.has(row));
      const nearest = free.reduce((best, row) =>
        distance(bytesOf([row]), query0) < distance(bytesOf([best]), query0) ? row : best,
      );
      taken.add(nearest);
      return nearest;
    });
    expect(rows).toEqual(wanted);
    expect(matched?.queries.map(({ row }) => row)).toEqual(rows);
  });

  test('searches the boundary for two classes and the entropy for more, unless told otherwise', async () => {
    const three = linearClassifier(rootStream(6).normals(SIZE * 3), [0, 0.1, -0.1], SHAPE);
    const round = roundOf({
      classifier: three,
      pool: { ...roundOf().pool, classes: 3 },
    });
    expect((await select()).diagnostics).toMatchObject({
      objective: 'boundary',
      uncertaintyMeasure: 'margin',
    });
    expect((await select({ round })).diagnostics).toMatchObject({
      objective: 'entropy',
      uncertaintyMeasure: 'entropy',
    });
    expect((await select({ round, options: { objective: 'boundary' } })).diagnostics).toMatchObject({
      objective: 'boundary',
    });
  });

  test('tells how uncertain the model is at the start, at the end and of what was bought, as its scores say', async () => {
    const round = roundOf();
    const { rows, matched, diagnostics } = await select({ round });
    const search = await searchLatents(
      randomLinearGenerator(LATENTS, SHAPE),
      round.classifier,
      round.stream,
      { queries: 5, steps: 30, restarts: 1 },
    );
    expect(matched?.images).toEqual(search.images);
    const mean = async (of: Uint8Array) => {
      const values = margins(await scoreImages(round.classifier, of), 2);
      return values.reduce((sum, value) => sum + value, 0) / values.length;
    };
    const [start, end, bought] = [
      await mean(search.startImages),
      await mean(search.images),
      await mean(bytesOf(rows)),
    ];
    expect(diagnostics.uncertaintyStart).toBeCloseTo(start, 5);
    expect(diagnostics.uncertaintyEnd).toBeCloseTo(end, 5);
    expect(diagnostics.uncertaintyMatched).toBeCloseTo(bought, 5);
    expect(diagnostics.uncertaintyKept).toBeCloseTo((bought - start) / (end - start), 5);
    expect(end).toBeLessThan(0.2 * start);
  });

  test('under the rule entropy buys, of the neighbours, the one whose softmax has the largest entropy', async () => {
    const round = roundOf({ batch: 1 });
    const { rows, matched } = await select({ round, options: { match: { rule: 'entropy', neighbours: 5 } } });
    const near = (matched?.queries[0]?.neighbours ?? []).map(({ row }) => row);
    expect(near).toHaveLength(5);
    const values = entropies(probabilities(await scoreImages(round.classifier, bytesOf(near)), 2), 2);
    expect(rows[0]).toBe(near[values.indexOf(Math.max(...values))]);
    expect(rows[0]).not.toBe(near[0]);
  });

  test.each(['exact', 'lsh-forest'])(
    'gives a full batch of different rows from one point of latent space (%s)',
    async (kind) => {
      // Every latent decodes to the same image.
      const constant = linearGenerator(new Float32Array(LATENTS * SIZE), LATENTS, SHAPE);
      const { rows, diagnostics } = await select({ generator: constant, kind, round: roundOf({ batch: 7 }) });
      expect(new Set(rows).size).toBe(7);
      expect(diagnostics).toMatchObject({ distinctPreferences: 1, collisionRate: 6 / 7 });
      const grey = new Uint8Array(SIZE).fill(128);
      const nearest = [...all].sort((a, b) => distance(bytesOf([a]), grey) - distance(bytesOf([b]), grey));
      if (kind === 'exact') expect(rows).toEqual(nearest.slice(0, 7));
    },
  );

  test('takes a whole pool that is as large as the batch, and refuses a smaller one', async () => {
    const few = all.slice(10, 15);
    const { rows } = await select({ round: roundOf({}, few) });
    expect([...rows].sort((a, b) => a - b)).toEqual(few);
    await expect(select({ round: roundOf({ batch: 6 }, few) })).rejects.toThrow(
      'matchQueries.candidates: expected at least 6, one a query, got 5',
    );
  });

  test('stops at a generator that is broken instead of buying what is nearest to nothing', async () => {
    const broken = linearGenerator(new Float32Array(LATENTS * SIZE).fill(Number.NaN), LATENTS, SHAPE);
    await expect(select({ generator: broken })).rejects.toThrow('expected finite class scores');
  });

  test('with features of the task model indexes the candidates anew, by its last inputs', async () => {
    // Of a linear classifier those are the pixels.
    const candidates = all.filter((row) => row % 2 === 1);
    const own = await select({
      options: { features: { kind: 'task-model' } },
      round: roundOf({}, candidates),
    });
    const stored = await select({ round: roundOf({}, candidates) });
    expect(own.rows).toEqual(stored.rows);
    expect(own.times?.matchMs).toBeGreaterThan(0);
  });

  test('needs a matcher for all other features', () => {
    expect(() =>
      createAsal(AsalConfig.parse({}), { generator: randomLinearGenerator(LATENTS, SHAPE) }),
    ).toThrow('createAsal.matcher: expected one for pca features, got none');
  });

  test('places what it tells of in one plane, and counts rows labelled before', async () => {
    const candidates = all.slice(12);
    const { matched } = await select({ round: roundOf({}, candidates) });
    expect(matched?.plane.candidates).toHaveLength(48);
    expect(matched?.plane.labelled).toHaveLength(12);
    for (const { synthesisedAt, matchedAt, distance: far } of matched?.queries ?? []) {
      // A projection shortens.
      const across = Math.hypot(synthesisedAt[0] - matchedAt[0], synthesisedAt[1] - matchedAt[1]);
      expect(across).toBeLessThanOrEqual(far + 1e-5);
    }
  });

  test('asked again says the same, to the last bit', async () => {
    const { times: _, ...one } = await select();
    const { times: __, ...other } = await select();
    expect(other).toEqual(one);
  });

  test('leaves no tensors behind', async () => {
    const generator = randomLinearGenerator(LATENTS, SHAPE);
    const round = roundOf();
    const before = tf.memory().numTensors;
    await select({ generator, round });
    await select({ generator, round, options: { features: { kind: 'task-model' } } });
    expect(tf.memory().numTensors).toBe(before);
  });
});
