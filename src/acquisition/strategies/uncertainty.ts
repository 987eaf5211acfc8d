/**
 * Uncertainty sampling: the rows whose two best classes the task model can tell apart least,
 * `argmin_x s_(1)(x) - s_(2)(x)` over class scores `s`. For a linear SVM with two classes that is the distance
 * to its hyperplane, up to the constant `|w|`.
 *
 * Source: Tong and Koller 2001, "Support vector machine active learning", section 4.1 (simple margin);
 * Scheffer, Decomain and Wrobel 2001 for more than two classes.
 * The whole unlabelled pool is scored, without augmentation.
 */
import { margins } from '../../classifiers/predict.ts';
import { toPoolIndex } from '../../shapes.ts';
import { lowest } from '../ranking.ts';
import { scorePool } from '../score-pool.ts';
import type { Strategy } from '../strategy.ts';

/**
 * A strategy that takes the `batch` candidates of smallest margin. Diagnostics: `meanMarginPool` and
 * `meanMarginSelected`, the mean margin of all candidates and of those taken, in units of the scores.
 */
export function createUncertainty(): Strategy {
  return {
    select: async ({ pool, batch, classifier, stream }) => {
      const margin = margins(await scorePool(classifier, pool), classifier.classes);
      const picked = lowest(margin, batch, stream);
      return {
        kind: 'pool',
        rows: picked.map((row) => toPoolIndex(pool.candidates, row)),
        diagnostics: {
          meanMarginPool: mean([...margin]),
          meanMarginSelected: mean(picked.map((row) => margin[row] as number)),
        },
      };
    },
  };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
