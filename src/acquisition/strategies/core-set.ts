/**
 * Core-set: a batch that, with the labelled images, leaves no candidate far from all of them in the task model's features.
 *
 *     repeat batch times: take argmax_x min_{c labelled or taken} |h(x) - h(c)|^2
 *
 * The radius `max_x min_c |h(x) - h(c)|` it ends with is at most twice the smallest possible one. The robust form lowers it
 * further and may leave outliers beyond.
 *
 * Source: Sener and Savarese 2018, "Active learning for convolutional neural networks: a core-set approach", Algorithm 1; the
 * robust form is Algorithm 2.
 * Differs: what the paper asks a mixed integer solver is answered by `robust-centres.ts`.
 */
import { featuresOfImages } from '../../classifiers/predict.ts';
import { candidateRow, toPoolIndex } from '../../shapes.ts';
import { greedyCentresBeside } from '../greedy-centres.ts';
import { nearestSquared } from '../nearest-centre.ts';
import { type RobustOptions, robustCentres } from '../robust-centres.ts';
import { poolFeatures } from '../score-pool.ts';
import type { Diagnostics, Round, Strategy } from '../strategy.ts';
import type { CoreSetConfig } from './core-set-config.ts';

/**
 * A strategy that takes {@link greedyCentresBeside}, or {@link robustCentres} if told to. Diagnostics: `coverRadiusBefore` and
 * `coverRadiusAfter`; of the robust form `coverOutliers`, `robustRadiusGreedy` and `robustRadius`.
 */
export function createCoreSet({ robust }: CoreSetConfig = {}): Strategy {
  return {
    select: async (round) => {
      const { pool, batch, classifier, labelled, stream } = round;
      const features = await poolFeatures(classifier, pool);
      const size = features.length / pool.candidates.length;
      const centres = await featuresOfImages(classifier, labelled.images);
      const taken =
        robust === undefined
          ? await greedy(features, centres, size, batch, stream)
          : await robustly(features, centres, size, batch, robust, stream);
      return {
        kind: 'pool',
        rows: taken.rows.map((row) => toPoolIndex(pool.candidates, candidateRow(row))),
        diagnostics: taken.diagnostics,
      };
    },
  };
}

interface Taken {
  readonly rows: readonly number[];
  readonly diagnostics: Diagnostics;
}

async function greedy(
  features: Float32Array,
  centres: Float32Array,
  size: number,
  batch: number,
  stream: Round['stream'],
): Promise<Taken> {
  const { rows, radiusBefore, radiusAfter } = await greedyCentresBeside(
    features,
    centres,
    size,
    batch,
    stream,
  );
  return { rows, diagnostics: { coverRadiusBefore: radiusBefore, coverRadiusAfter: radiusAfter } };
}

async function robustly(
  features: Float32Array,
  centres: Float32Array,
  size: number,
  batch: number,
  options: RobustOptions,
  stream: Round['stream'],
): Promise<Taken> {
  const nearest = await nearestSquared(features, centres, size);
  const taken = await robustCentres(features, size, nearest, batch, options, stream);
  return {
    rows: taken.rows,
    diagnostics: {
      coverRadiusBefore: Number.isFinite(taken.radiusBefore) ? taken.radiusBefore : null,
      coverRadiusAfter: taken.radiusAfter,
      coverOutliers: taken.allowed,
      robustRadiusGreedy: taken.radiusGreedy,
      robustRadius: taken.radius,
    },
  };
}
