/** Pools of small images in a few modes, of which a strategy's right choice is known. */
import type { ReconstructedImages } from '../../src/acquisition/reconstructions.ts';
import type { Round } from '../../src/acquisition/strategy.ts';
import type { ImageShape } from '../../src/datasets/dataset.ts';
import { rootStream } from '../../src/random.ts';
import { poolIndex } from '../../src/shapes.ts';
import { VaalConfig } from '../../vaal/vaal-config.ts';
import { linearClassifier } from '../queries/toys.ts';

export const SHAPE: ImageShape = [4, 4, 1];
const SIZE = 16;

/** One bright quarter of the image a mode, under noise. */
export function modeImages(modes: readonly number[], name: string): Uint8Array {
  const stream = rootStream(11).of(name);
  return Uint8Array.from(
    modes.flatMap((mode) =>
      Array.from({ length: SIZE }, (_, pixel) => {
        const quarter = 2 * Number(pixel >= 8) + Number(pixel % 4 >= 2);
        return (quarter === mode ? 180 : 30) + stream.integer(60);
      }),
    ),
  );
}

/**
 * Networks that take milliseconds. An image has 16 pixels where those of the paper have 3072, so that the adversary would
 * outweigh the reconstruction at its usual weight.
 */
export const small = (options: object = {}): VaalConfig =>
  VaalConfig.parse({
    latentSize: 4,
    network: { kind: 'mlp', hidden: [16] },
    discriminator: [16, 16],
    adversary: 0.1,
    steps: 80,
    batch: 16,
    learningRate: 5e-3,
    discriminatorLearningRate: 5e-3,
    ...options,
  });

/** A round whose labelled and unlabelled images are of these modes. */
export function roundOf(
  labelled: readonly number[],
  unlabelled: readonly number[],
  { batch = 10, seed = 1 }: { readonly batch?: number; readonly seed?: number } = {},
): Round {
  const images = modeImages(unlabelled, 'unlabelled');
  return {
    round: 1,
    batch,
    classifier: linearClassifier(rootStream(6).normals(SIZE * 2), [0, 0.1], SHAPE),
    pool: {
      shape: SHAPE,
      classes: 2,
      // Rows that are no candidates lie between them.
      candidates: unlabelled.map((_, row) => poolIndex(2 * row + 1)),
      bytes: (rows) =>
        Uint8Array.from(
          rows.flatMap((row) => {
            const first = ((row - 1) / 2) * SIZE;
            return [...images.subarray(first, first + SIZE)];
          }),
        ),
    },
    labelled: {
      images: modeImages(labelled, 'labelled'),
      labels: Uint8Array.from(labelled, (mode) => mode % 2),
      n: labelled.length,
    },
    stream: rootStream(seed).of('vaal'),
  };
}

/** Squared error of reconstructions in the range [-1, 1], summed over pixels, mean over images. */
export function errorOf({ images, decoded }: ReconstructedImages): number {
  const squares = images.reduce((sum, value, at) => sum + ((value - decoded[at]!) / 127.5) ** 2, 0);
  return squares / (images.length / SIZE);
}

/** `count` modes, taken in turn from a list. */
export const inTurn = (count: number, modes: readonly number[]): number[] =>
  Array.from({ length: count }, (_, i) => modes[i % modes.length] as number);
