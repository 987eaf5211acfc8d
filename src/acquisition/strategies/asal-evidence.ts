/**
 * What a round of ASAL tells about itself: how uncertain the task model is along a query's way, how far the matches are,
 * and where all of it lies.
 */
import type { FeaturePlane } from '../../../matching/feature-plane.ts';
import { featuresOfBytes } from '../../../matching/features/feature-map.ts';
import type { MatchedBatch } from '../../../matching/match.ts';
import { matchDistances, poolDistances, uncertaintyKept } from '../../../matching/match-diagnostics.ts';
import type { Matcher } from '../../../matching/matcher.ts';
import type { Classifier } from '../../classifiers/classifier.ts';
import { entropies, margins, probabilities, scoreImages } from '../../classifiers/predict.ts';
import { searchDiagnostics } from '../../queries/diagnostics.ts';
import type { LatentSearch } from '../../queries/latent-search.ts';
import { type MatchedQueries, NEIGHBOURS_TOLD } from '../matched-queries.ts';
import type { Diagnostics, Round } from '../strategy.ts';

export interface AsalRound {
  readonly search: LatentSearch;
  readonly matched: MatchedBatch;
  readonly matcher: Matcher;
  /** Of the matcher's features. */
  readonly plane: FeaturePlane;
  readonly round: Round;
  readonly options: { readonly tolerance: number };
}

/** Candidates drawn in pictures of the plane. */
const CANDIDATES_DRAWN = 300;

/**
 * Diagnostics, beside those of the search: `uncertaintyMeasure`; `uncertaintyStart`, `uncertaintyEnd` and
 * `uncertaintyMatched`, its means over the queries at the samples where searches started, at the synthesised images (as
 * bytes) and at the rows bought; `uncertaintyKept` as {@link uncertaintyKept}; `matchDistance`, `matchDistanceLargest`,
 * `poolDistance` and `matchDistanceRatio`, which are median, largest, poolMedian and ratio of {@link matchDistances};
 * `collisionRate` and `distinctPreferences` as in {@link MatchedBatch}.
 */
export async function asalEvidence({
  search,
  matched,
  matcher: { map, index },
  plane,
  round,
  options,
}: AsalRound): Promise<{ readonly diagnostics: Diagnostics; readonly matched: MatchedQueries }> {
  const { classifier, pool, stream } = round;
  const { shape, classes } = pool;
  const rows = matched.matches.map(({ row }) => row);
  const measure = search.objective === 'entropy' ? 'entropy' : 'margin';
  const start = await uncertaintyMeasure(measure, classifier, search.startImages);
  const end = await uncertaintyMeasure(measure, classifier, search.images);
  const bought = await uncertaintyMeasure(measure, classifier, pool.bytes(rows));
  const uncertainty = uncertaintyKept({ start, end, matched: bought });
  const distances = matchDistances(matched, await poolDistances(index, stream.of('pool distances')));

  const synthesisedAt = plane.points(await featuresOfBytes(map, search.images, shape));
  const matchedAt = plane.points(index.vectorsOf(rows));
  const { candidates } = pool;
  const drawn = stream
    .of('candidates drawn')
    .choose(candidates, Math.min(CANDIDATES_DRAWN, candidates.length));
  const unlabelled = new Set(candidates);
  const labelled = index.rows.filter((row) => !unlabelled.has(row));
  return {
    diagnostics: {
      ...searchDiagnostics(search, { shape, classes, tolerance: options.tolerance }),
      uncertaintyMeasure: measure,
      uncertaintyStart: uncertainty.start,
      uncertaintyEnd: uncertainty.end,
      uncertaintyMatched: uncertainty.matched,
      uncertaintyKept: uncertainty.kept,
      matchDistance: distances.median,
      matchDistanceLargest: distances.largest,
      poolDistance: distances.poolMedian,
      matchDistanceRatio: distances.ratio,
      collisionRate: matched.collisionRate,
      distinctPreferences: matched.distinctPreferences,
    },
    matched: {
      images: search.images,
      measure,
      queries: matched.matches.map(({ row, distance, rank, collided, considered }, query) => ({
        row,
        distance,
        rank,
        collided,
        neighbours: considered
          .slice(0, NEIGHBOURS_TOLD)
          .map((neighbour) => ({ row: neighbour.row, distance: neighbour.distance })),
        uncertainty: {
          start: start[query] as number,
          end: end[query] as number,
          matched: bought[query] as number,
        },
        synthesisedAt: synthesisedAt[query] as readonly [number, number],
        matchedAt: matchedAt[query] as readonly [number, number],
      })),
      plane: {
        candidates: plane.points(index.vectorsOf(drawn)),
        labelled: plane.points(index.vectorsOf(labelled)),
      },
    },
  };
}

/** Entropies of the softmax in nats, or margins of the two best scores, `[n]` of images in bytes. */
export async function uncertaintyMeasure(
  measure: MatchedQueries['measure'],
  classifier: Classifier,
  images: Uint8Array,
): Promise<Float32Array> {
  const { classes } = classifier;
  const scores = await scoreImages(classifier, images);
  return measure === 'entropy'
    ? entropies(probabilities(scores, classes), classes)
    : margins(scores, classes);
}
