/**
 * The optional package hnswlib-node: graphs of Malkov and Yashunin 2018, "Efficient and robust approximate nearest
 * neighbor search using Hierarchical Navigable Small World graphs", compiled from their own C++.
 */
import { oneSentence } from '../src/backend/one-sentence.ts';

/** The part of hnswlib-node's `HierarchicalNSW` in use. Points are plain arrays; typed ones are refused. */
export interface HnswGraph {
  initIndex(options: { maxElements: number; m: number; efConstruction: number; randomSeed: number }): void;
  addPoint(point: number[], label: number): void;
  /** No later search returns the label. An error if it was marked before. */
  markDelete(label: number): void;
  /** Length of the list of candidates while searching. */
  setEf(ef: number): void;
  /** The labels nearest first, with squared distances; an error if `k` is larger than `maxElements`. */
  searchKnn(point: number[], k: number): { neighbors: number[]; distances: number[] };
  writeIndex(file: string): Promise<boolean>;
  readIndex(file: string): Promise<boolean>;
}

interface HnswLibrary {
  readonly default: { readonly HierarchicalNSW: new (space: 'l2', size: number) => HnswGraph };
}

// In a variable of type string, so that the compiler does not resolve the package.
const PACKAGE: string = 'hnswlib-node';

/**
 * A graph for vectors of `size` numbers under squared Euclidean distance, empty until `initIndex` or `readIndex`.
 *
 * @throws Error with one sentence if the package cannot be loaded
 */
export async function createHnswGraph(size: number): Promise<HnswGraph> {
  let library: HnswLibrary;
  try {
    library = (await import(PACKAGE)) as HnswLibrary;
  } catch (error) {
    throw new Error(
      `an hnsw index needs the package ${PACKAGE}, which cannot be loaded (${oneSentence(error)}); ` +
        'install it, or use an exact or an lsh-forest index',
    );
  }
  return new library.default.HierarchicalNSW('l2', size);
}
