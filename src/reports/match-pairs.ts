/**
 * The nearest and the farthest pairs of synthesised image and row bought, drawn for a page.
 */
import { imageSize } from '../datasets/dataset.ts';
import { tileImages } from './grid.ts';
import {
  type MatchedImages,
  type MatchedRoundRecord,
  type RoundFault,
  readMatchedImages,
} from './matched-rounds.ts';
import { fitPicture, type Picture } from './pictures.ts';
import { encodePng } from './pixels.ts';

/** One synthesised image beside the row bought in its place. */
export interface MatchPair {
  readonly distance: number;
  /** Of the row bought; null for an abstention. */
  readonly label: number | null;
  /** What the reference reads in the synthesised image: null if nothing, undefined if nobody read it. */
  readonly reading: number | null | undefined;
  readonly seed: number;
  readonly round: number;
  /** The synthesised image left, the row bought right. */
  readonly picture: Picture;
}

export interface ExtremePairs {
  /** Nearest first. */
  readonly nearest: readonly MatchPair[];
  /** Farthest first; none of them is among the nearest. */
  readonly farthest: readonly MatchPair[];
  /** Rounds whose images were wanted and could not be read. */
  readonly faults: readonly RoundFault[];
}

/** Of each image in the picture of a pair; pixels. */
const IMAGE = 84;
const GAP = 6;

/**
 * At most `most` pairs of the least and of the largest distance over all rounds; of equal distances the earlier first.
 *
 * @param maxBytes of the picture of a pair
 */
export async function extremePairs(
  rounds: readonly MatchedRoundRecord[],
  { most, maxBytes }: { readonly most: number; readonly maxBytes: number },
): Promise<ExtremePairs> {
  const images = new Map<MatchedRoundRecord, MatchedImages | null>();
  const ranked = rounds
    .flatMap((record) => record.queries.map(({ distance }, query) => ({ record, query, distance })))
    .sort((a, b) => a.distance - b.distance);
  const take = async (from: typeof ranked, wanted: number): Promise<MatchPair[]> => {
    const pairs: MatchPair[] = [];
    for (const { record, query, distance } of from) {
      if (pairs.length === wanted) break;
      if (!images.has(record)) images.set(record, await readMatchedImages(record));
      const ofRound = images.get(record);
      if (ofRound == null) continue;
      pairs.push({
        distance,
        label: record.labels[query] ?? null,
        reading: record.readings[query],
        seed: record.cell.seed,
        round: record.round,
        picture: await pairPicture(ofRound, query, maxBytes),
      });
    }
    return pairs;
  };
  const half = Math.ceil(ranked.length / 2);
  const nearest = await take(ranked.slice(0, half), most);
  const farthest = await take(ranked.slice(half).reverse(), most);
  const faults = [...images].flatMap(([{ cell, round }, read]) =>
    read === null ? [{ seed: cell.seed, round }] : [],
  );
  return { nearest, farthest, faults };
}

async function pairPicture(
  { shape, synthesised, matched }: MatchedImages,
  query: number,
  maxBytes: number,
): Promise<Picture> {
  const size = imageSize(shape);
  const pair = new Uint8Array(2 * size);
  pair.set(synthesised.subarray(query * size, (query + 1) * size));
  pair.set(matched.subarray(query * size, (query + 1) * size), size);
  const scale = Math.max(1, Math.round(IMAGE / Math.max(shape[0], shape[1])));
  const png = await encodePng(tileImages(pair, shape, { columns: 2, gap: GAP, scale }));
  return fitPicture(png, Number.MAX_SAFE_INTEGER, maxBytes);
}
