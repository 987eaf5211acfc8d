/**
 * TypiClust: the most typical image of each cluster that has no label yet, for budgets too small for uncertainty.
 *
 *     clusters of the features of labelled images and candidates, as many as there will be labels
 *     in the order of fewest labels, then of most images: take the candidate of highest typicality
 *     typicality(x) = 1 / (mean distance of x to its K nearest in the cluster)
 *
 * Source: Hacohen, Dekel and Weinshall 2022, "Active learning on a budget: opposite strategies suit high and low budgets",
 * Algorithm 1. Reference code: avihu111/TypiClust 4097a71 `deep-al/pycls/al/typiclust.py`.
 * Differs: features are the inputs of the task model's last layer, not of a self-supervised network; k-means at every size
 * (there: mini-batch k-means from 50 clusters on).
 */
import { buildIndex } from '../../../matching/indexes/build.ts';
import { IndexConfig } from '../../../matching/indexes/config.ts';
import { featuresOfImages } from '../../classifiers/predict.ts';
import { gatherRows } from '../../gather-rows.ts';
import type { Stream } from '../../random.ts';
import { candidateRow, toPoolIndex } from '../../shapes.ts';
import { kMeans } from '../k-means.ts';
import { highest } from '../ranking.ts';
import { poolFeatures } from '../score-pool.ts';
import type { Strategy } from '../strategy.ts';
import type { TypiclustConfig } from './typiclust-config.ts';

/** Added to a mean distance, so that equal images have a typicality: the reference code's. */
const EPSILON = 1e-5;

/**
 * Typicality of each row among all of them, `[n]`: `1 / (mean distance to the K nearest others + 1e-5)` with
 * `K = min(neighbours, n / 2)`, at least 1; one row alone has `1e5`.
 *
 * By an exact index of the rows: `n^2 size` multiplications in blocks on the backend, `12 K n` bytes for the answer.
 *
 * @param rows `[n, size]`, row by row
 * @param stream not moved; an exact index draws nothing
 */
export async function typicalities(
  rows: Float32Array,
  size: number,
  neighbours: number,
  stream: Stream,
): Promise<Float64Array> {
  const n = rows.length / size;
  if (n === 1) return Float64Array.of(1 / EPSILON);
  const k = Math.max(1, Math.min(neighbours, Math.floor(n / 2)));
  const index = await buildIndex(IndexConfig.parse({ kind: 'exact' }), { values: rows, size }, stream);
  try {
    // The nearest of all is the row itself, or one equal to it.
    const { squaredDistances } = await index.search(rows, k + 1);
    return Float64Array.from({ length: n }, (_, row) => {
      const others = squaredDistances.subarray(row * (k + 1) + 1, (row + 1) * (k + 1));
      return 1 / (others.reduce((sum, squared) => sum + Math.sqrt(squared), 0) / k + EPSILON);
    });
  } finally {
    index.dispose();
  }
}

/** A cluster, as the order of buying sees it. */
interface Cluster {
  readonly labelled: number;
  readonly size: number;
  /** Candidates of it that are left. */
  left: number[];
}

/**
 * The clusters to buy from, first to last: fewest labels first, then most images. Those below `minSize` are left out, unless
 * all are.
 *
 * @param assigned the cluster of every row, `labelled` rows first, then candidates
 */
export function clusterOrder(assigned: ArrayLike<number>, labelled: number, minSize: number): Cluster[] {
  const clusters = new Map<number, { labelled: number; size: number; left: number[] }>();
  for (let row = 0; row < assigned.length; row++) {
    const id = assigned[row] as number;
    const cluster = clusters.get(id) ?? { labelled: 0, size: 0, left: [] };
    clusters.set(id, cluster);
    cluster.size++;
    if (row < labelled) cluster.labelled++;
    else cluster.left.push(row - labelled);
  }
  const all = [...clusters.values()];
  const large = all.filter(({ size, left }) => size >= minSize && left.length > 0);
  return (large.length > 0 ? large : all).sort((a, b) => a.labelled - b.labelled || b.size - a.size);
}

/** What {@link mostTypical} takes. */
export interface Typical {
  /** Candidates, in the order of buying, and the typicality of each. */
  readonly rows: number[];
  readonly typicality: number[];
  /** Clusters that were bought from or could have been, and how many of them had a label before. */
  readonly clusters: number;
  readonly covered: number;
}

/**
 * The whole choice: `count` different candidates, each the most typical one left in its cluster.
 *
 * @param features of candidates `[n, size]`
 * @param labelled features of labelled images `[labels, size]`
 */
export async function mostTypical(
  features: Float32Array,
  labelled: Float32Array,
  size: number,
  count: number,
  { maxClusters, minClusterSize, neighbours }: TypiclustConfig,
  stream: Stream,
): Promise<Typical> {
  const values = new Float32Array(labelled.length + features.length);
  values.set(labelled);
  values.set(features, labelled.length);
  const labels = labelled.length / size;
  const k = Math.min(labels + count, maxClusters);
  const { assigned } = await kMeans({ values, size }, k, stream.of('clusters'));

  const order = clusterOrder(assigned, labels, minClusterSize);
  const rows: number[] = [];
  const typicality: number[] = [];
  const rest = new Set(Array.from({ length: features.length / size }, (_, row) => row));
  for (let turn = 0; rows.length < count; turn++) {
    // When every large cluster is used up, what is left is bought as one.
    const cluster = order.some(({ left }) => left.length > 0)
      ? (order[turn % order.length] as Cluster)
      : { labelled: 0, size: rest.size, left: [...rest] };
    if (cluster.left.length === 0) continue;
    const own = gatherRows(features, size, cluster.left);
    const typical = await typicalities(own, size, neighbours, stream.of('index'));
    const [best] = highest(typical, 1, stream.of('ties', turn));
    const row = cluster.left[best as number] as number;
    cluster.left = cluster.left.filter((other) => other !== row);
    rest.delete(row);
    rows.push(row);
    typicality.push(typical[best as number] as number);
  }
  const covered = order.filter((cluster) => cluster.labelled > 0).length;
  return { rows, typicality, clusters: order.length, covered };
}

/**
 * A strategy that takes {@link mostTypical}. Diagnostics: `clusters`, how many were bought from or could have been;
 * `clustersCovered`, how many of them had a label before; `meanTypicality` of those taken.
 */
export function createTypiclust(config: TypiclustConfig): Strategy {
  return {
    select: async ({ pool, batch, classifier, labelled, stream }) => {
      const features = await poolFeatures(classifier, pool);
      const size = features.length / pool.candidates.length;
      const bought = await featuresOfImages(classifier, labelled.images);
      const typical = await mostTypical(features, bought, size, batch, config, stream);
      return {
        kind: 'pool',
        rows: typical.rows.map((row) => toPoolIndex(pool.candidates, candidateRow(row))),
        diagnostics: {
          clusters: typical.clusters,
          clustersCovered: typical.covered,
          meanTypicality: typical.typicality.reduce((sum, value) => sum + value, 0) / batch,
        },
      };
    },
  };
}
