/**
 * The training images nearest to given images, pixel by pixel: whether a generator repeats what it was trained on.
 *
 * Exhaustive, so exact, and it costs images x training images x pixels: 1,000 against 60,000 of 28 x 28 are 47 billion
 * multiplications. A thousand images tell enough.
 */
import { type ImageShape, imageSize } from '../../src/datasets/dataset.ts';
import { checkInteger } from '../../src/shapes.ts';
import type { Features } from './features.ts';
import { productBlocks, squaredLengths } from './product-blocks.ts';

export interface NearestImagesOptions {
  /** Training images to find for each image. Default 1. */
  readonly neighbours?: number;
  /** Training images a block, which are all that is held as floats of the training set. Default 4,096. */
  readonly blockRows?: number;
}

export interface NearestImages {
  readonly neighbours: number;
  /** `[n, neighbours]`: rows of the training images, nearest first, of equally near ones the lower row. */
  readonly rows: Int32Array;
  /** `[n, neighbours]`: root mean squared pixel difference to them in model range, in [0, 2]; 0 is a copy. */
  readonly distances: Float64Array;
}

/** Bytes per unit of the model range [-1, 1]. */
const BYTES_A_UNIT = 127.5;

/**
 * For each image the nearest training images by `sqrt(mean_p (x_p - t_p)^2)` over all pixels and channels p, in units of
 * the model range.
 *
 * The search multiplies `byte - 128`, which is a whole number, in float32: up to 1,024 values an image every sum is
 * exact, so the neighbours are too. Of larger images two whose squared distances differ by less than about 1e-6 of an
 * image's squared length may change places. The distances themselves are computed again from the bytes and always exact.
 *
 * @param images bytes `[n, height, width, channels]`: generated ones, or real ones held out from training
 * @param training bytes `[trainingImages, height, width, channels]`
 * @throws RangeError if a set is empty or no whole number of images, or there are fewer training images than neighbours
 */
export async function nearestImages(
  images: Uint8Array,
  training: Uint8Array,
  shape: ImageShape,
  { neighbours = 1, blockRows = 4096 }: NearestImagesOptions = {},
): Promise<NearestImages> {
  checkInteger('nearestImages.neighbours', neighbours, 1);
  checkInteger('nearestImages.blockRows', blockRows, 1);
  const size = imageSize(shape);
  const n = countOf('nearestImages.images', images, shape, 1);
  const trainingImages = countOf('nearestImages.training', training, shape, neighbours);

  const rows = new Int32Array(n * neighbours).fill(-1);
  const squares = new Float64Array(n * neighbours).fill(Number.POSITIVE_INFINITY);
  const centred = centredBytes(images, size);
  const lengths = squaredLengths(centred);
  for (let start = 0; start < trainingImages; start += blockRows) {
    const end = Math.min(start + blockRows, trainingImages);
    const block = centredBytes(training.subarray(start * size, end * size), size);
    const blockLengths = squaredLengths(block);
    for await (const { start: first, rows: count, products } of productBlocks(centred, block)) {
      for (let offset = 0; offset < count; offset++) {
        const image = first + offset;
        const best = squares.subarray(image * neighbours, (image + 1) * neighbours);
        const bestRows = rows.subarray(image * neighbours, (image + 1) * neighbours);
        for (let j = 0; j < block.n; j++) {
          const product = products[offset * block.n + j] as number;
          const squared = (lengths[image] as number) + (blockLengths[j] as number) - 2 * product;
          if (squared < (best[neighbours - 1] as number)) insert(best, bestRows, squared, start + j);
        }
      }
    }
  }
  return { neighbours, ...exactly(images, training, size, rows, neighbours) };
}

function countOf(name: string, bytes: Uint8Array, shape: ImageShape, minimum: number): number {
  const n = bytes.length / imageSize(shape);
  if (!Number.isInteger(n) || n < minimum) {
    throw new RangeError(
      `${name}: expected ${minimum} or more images of [${shape.join(', ')}], got ${bytes.length} bytes`,
    );
  }
  return n;
}

function centredBytes(bytes: Uint8Array, size: number): Features {
  const values = new Float32Array(bytes.length);
  for (let i = 0; i < bytes.length; i++) values[i] = (bytes[i] as number) - 128;
  return { values, n: bytes.length / size, size };
}

/** Puts a row into the ascending list of the nearest, behind those equally near; the farthest drops out. */
function insert(best: Float64Array, bestRows: Int32Array, squared: number, row: number): void {
  let place = best.length - 1;
  while (place > 0 && (best[place - 1] as number) > squared) {
    best[place] = best[place - 1] as number;
    bestRows[place] = bestRows[place - 1] as number;
    place--;
  }
  best[place] = squared;
  bestRows[place] = row;
}

/** The rows found, with distances from whole numbers and in the order of these. */
function exactly(
  images: Uint8Array,
  training: Uint8Array,
  size: number,
  found: Int32Array,
  neighbours: number,
): Pick<NearestImages, 'rows' | 'distances'> {
  const rows = new Int32Array(found.length);
  const distances = new Float64Array(found.length);
  for (let start = 0; start < found.length; start += neighbours) {
    const image = start / neighbours;
    const ordered = Array.from(found.subarray(start, start + neighbours), (row) => ({
      row,
      squared: squaredDifference(images, image * size, training, row * size, size),
    })).sort((one, other) => one.squared - other.squared || one.row - other.row);
    ordered.forEach(({ row, squared }, place) => {
      rows[start + place] = row;
      distances[start + place] = Math.sqrt(squared / size) / BYTES_A_UNIT;
    });
  }
  return { rows, distances };
}

function squaredDifference(a: Uint8Array, fromA: number, b: Uint8Array, fromB: number, size: number): number {
  let sum = 0;
  for (let i = 0; i < size; i++) sum += ((a[fromA + i] as number) - (b[fromB + i] as number)) ** 2;
  return sum;
}
