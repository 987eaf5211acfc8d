/**
 * What the task model says of the whole unlabelled pool, a block of rows at a time.
 */
import type { Classifier } from '../classifiers/classifier.ts';
import { featuresOfImages, probabilities, scoreImages } from '../classifiers/predict.ts';
import type { PoolView } from './strategy.ts';

/** The images that have no label. */
type PoolImages = Pick<PoolView, 'candidates' | 'bytes'>;

/** Rows copied at a time, so that scoring never holds a second copy of the pool. */
const blockRows = 4096;

/**
 * Scores `[candidates, classes]`, in the order of `pool.candidates`. Memory: 4 bytes a candidate and class,
 * and one block of images. The same numbers whatever the block size.
 */
export async function scorePool(classifier: Classifier, pool: PoolImages): Promise<Float32Array> {
  const { candidates } = pool;
  const scores = new Float32Array(candidates.length * classifier.classes);
  for (let start = 0; start < candidates.length; start += blockRows) {
    const block = pool.bytes(candidates.slice(start, start + blockRows));
    scores.set(await scoreImages(classifier, block), start * classifier.classes);
  }
  return scores;
}

/** Softmax probabilities `[candidates, classes]`, in the order of `pool.candidates`; memory as {@link scorePool}. */
export async function poolProbabilities(classifier: Classifier, pool: PoolImages): Promise<Float32Array> {
  return probabilities(await scorePool(classifier, pool), classifier.classes);
}

/**
 * Features `[candidates, featureSize]`, the inputs of the classifier's last layer, in the order of `pool.candidates`.
 * Memory: 4 bytes a value, 31 MB for 60,000 candidates and 128 features, and one block of images. The same numbers
 * whatever the block size.
 */
export async function poolFeatures(classifier: Classifier, pool: PoolImages): Promise<Float32Array> {
  const { candidates } = pool;
  let features = new Float32Array(0);
  for (let start = 0; start < candidates.length; start += blockRows) {
    const rows = candidates.slice(start, start + blockRows);
    const block = await featuresOfImages(classifier, pool.bytes(rows));
    if (start === 0) features = new Float32Array(candidates.length * (block.length / rows.length));
    features.set(block, start * (block.length / rows.length));
  }
  return features;
}
