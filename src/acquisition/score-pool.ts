/**
 * Class scores of the whole unlabelled pool, a block of rows at a time.
 */
import type { Classifier } from '../classifiers/classifier.ts';
import { scoreImages } from '../classifiers/predict.ts';
import type { PoolView } from './strategy.ts';

/** Rows copied at a time, so that scoring never holds a second copy of the pool. */
const blockRows = 4096;

/**
 * Scores `[candidates, classes]`, in the order of `pool.candidates`. Memory: 4 bytes a candidate and class,
 * and one block of images. The same numbers whatever the block size.
 */
export async function scorePool(classifier: Classifier, pool: PoolView): Promise<Float32Array> {
  const { candidates } = pool;
  const scores = new Float32Array(candidates.length * classifier.classes);
  for (let start = 0; start < candidates.length; start += blockRows) {
    const block = pool.bytes(candidates.slice(start, start + blockRows));
    scores.set(await scoreImages(classifier, block), start * classifier.classes);
  }
  return scores;
}
