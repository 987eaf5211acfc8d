/**
 * What an index of vectors can be told, with its defaults and their sources.
 */
import { z } from 'zod';

/** Exact search. */
export const ExactConfig = z.strictObject({
  kind: z.literal('exact').describe('Every row is compared; the answer is the true one'),
  block: z
    .int()
    .min(1)
    .default(16_384)
    .describe(
      'Rows multiplied with the queries at a time; a search needs 4 bytes for each of them and each of up to 64 ' +
        'queries. Time is the same from here upwards (measured on two cores, 10^6 rows of 50 numbers)',
    ),
});

export type ExactConfig = z.output<typeof ExactConfig>;

/** A graph of neighbours; defaults of hnswlib (Malkov and Yashunin 2018) unless said otherwise. */
export const HnswConfig = z.strictObject({
  kind: z
    .literal('hnsw')
    .describe('Hierarchical navigable small-world graph (Malkov and Yashunin 2018); needs hnswlib-node'),
  m: z
    .int()
    .min(2)
    .max(512)
    .default(16)
    .describe('Links of a row on each level, twice as many on the lowest'),
  efConstruction: z
    .int()
    .min(1)
    .default(200)
    .describe('Candidates kept while a row is linked: more cost time once and give a better graph'),
  efSearch: z
    .int()
    .min(1)
    .default(40)
    .describe(
      'Candidates kept during a search, k if that is more. The default finds 99 of 100 of the ten nearest of 10^6 rows of 50 ' +
        "numbers (docs/scale.md); hnswlib's own 10 finds 90",
    ),
});

export type HnswConfig = z.output<typeof HnswConfig>;

/** A locality-sensitive hashing forest; defaults of scikit-learn 0.18's LSHForest unless said otherwise. */
export const LshForestConfig = z.strictObject({
  kind: z
    .literal('lsh-forest')
    .describe('Prefix trees of random hyperplanes (Bawa, Condie and Ganesan 2005)'),
  trees: z.int().min(1).max(1000).default(10).describe('Prefix trees, each with hyperplanes of its own'),
  depth: z.int().min(1).max(32).default(32).describe('Hyperplanes of a tree: the longest prefix, in bits'),
  candidates: z
    .int()
    .min(1)
    .default(1000)
    .describe('Different rows gathered for a query before they are compared, k if that is more'),
});

export type LshForestConfig = z.output<typeof LshForestConfig>;

/** Any index. */
export const IndexConfig = z.discriminatedUnion('kind', [ExactConfig, HnswConfig, LshForestConfig]);

export type IndexConfig = z.output<typeof IndexConfig>;
