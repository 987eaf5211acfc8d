/** Rounds on small pools of known images, for the tests of strategies. */
import type { Round, Selection, Strategy } from '../../../src/acquisition/strategy.ts';
import type { ImageShape } from '../../../src/datasets/dataset.ts';
import { imageSize } from '../../../src/datasets/dataset.ts';
import { rootStream, type Stream } from '../../../src/random.ts';
import { type PoolIndex, poolIndex } from '../../../src/shapes.ts';
import { linearClassifier, type ToyClassifier } from '../../queries/toys.ts';

export const SHAPE: ImageShape = [2, 3, 1];
export const SIZE = imageSize(SHAPE);
export const CLASSES = 4;

const draws = rootStream(11);

/** 120 images of noise. */
export const images = Uint8Array.from({ length: 120 * SIZE }, () => draws.integer(256));

/** Rows that share one image. */
export const alike = new Uint8Array(40 * SIZE).fill(90);

/** A linear model of {@link CLASSES} classes with random weights, so that no two rows of noise have equal scores. */
export function toyModel(scale = 1): ToyClassifier {
  const kernel = rootStream(12).normals(SIZE * CLASSES);
  return linearClassifier(
    kernel.map((weight) => weight * scale),
    [0.1, -0.2, 0.3, 0],
    SHAPE,
  );
}

export interface RoundSet {
  readonly classifier?: Round['classifier'];
  readonly batch?: number;
  readonly stream?: Stream;
  /** Rows of `pool`, in the order they are shown. */
  readonly rows?: readonly number[];
  readonly pool?: Uint8Array;
  /** Rows of `pool` that are labelled. */
  readonly labelled?: readonly number[];
}

/** By default the rows from 20 on are candidates and the first 10 are labelled, 0, 1, 2, 3, 0, ... */
export function toyRound({
  classifier = toyModel(),
  batch = 6,
  stream = rootStream(1),
  pool = images,
  rows = Array.from({ length: pool.length / SIZE - 20 }, (_, row) => row + 20),
  labelled = Array.from({ length: 10 }, (_, row) => row),
}: RoundSet = {}): Round {
  const bytes = (of: readonly number[]) =>
    Uint8Array.from(of.flatMap((row) => [...pool.subarray(row * SIZE, (row + 1) * SIZE)]));
  return {
    round: 1,
    batch,
    classifier,
    pool: {
      shape: SHAPE,
      classes: classifier.classes,
      candidates: rows.map((row) => poolIndex(row)),
      bytes: (of: readonly PoolIndex[]) => bytes(of),
    },
    labelled: {
      images: bytes(labelled),
      labels: Uint8Array.from(labelled, (_, at) => at % classifier.classes),
      n: labelled.length,
    },
    stream,
  };
}

/** What a strategy buys. Error if it synthesises. */
export async function bought(
  strategy: Strategy,
  round: Round,
): Promise<Extract<Selection, { kind: 'pool' }>> {
  const selection = await strategy.select(round);
  if (selection.kind !== 'pool') throw new Error('expected pool rows, got images');
  return selection;
}
