/**
 * Learning loss: the candidates on which the task model is expected to lose most, by a small network that learned from the
 * labelled images which of two costs more.
 *
 *     l(x) = score of dense 128 ReLU, dense 1 on the features h(x)
 *     minimise mean max(0, 1 - s (l_i - l_j))        s = 1 where the task model's loss is larger on i, else -1
 *     buy the `batch` candidates of largest l
 *
 * Source: Yoo and Kweon 2019, "Learning Loss for Active Learning" (CVPR), sections 3.2 and 3.3.
 * Reference code: Mephisto405/Learning-Loss-for-Active-Learning.
 * Differs: trained after the task model on its last features, not with it on features of four depths: all strategies share
 * one training of the task model, which the joint loss would change. The whole pool is scored, not 10,000 of it.
 */
import { poolFeatures } from '../src/acquisition/score-pool.ts';
import { createScored } from '../src/acquisition/scored-strategy.ts';
import type { Strategy } from '../src/acquisition/strategy.ts';
import { featuresOfImages } from '../src/classifiers/predict.ts';
import type { LearningLossConfig } from './learning-loss-config.ts';
import { trainRanker } from './ranker.ts';
import { lossesOf } from './task-losses.ts';

/**
 * A strategy that trains the predictor anew in every round and takes the candidates it gives the largest loss; diagnostics of
 * its predictions, of which differences alone have a meaning. Memory: the features of the pool, 4 bytes a value.
 */
export function createLearningLoss(options: LearningLossConfig): Strategy {
  return createScored({
    measure: 'PredictedLoss',
    take: 'highest',
    score: async ({ classifier, labelled, pool, stream }) => {
      const features = await featuresOfImages(classifier, labelled.images);
      const losses = await lossesOf(classifier, labelled.images, labelled.labels);
      const rows = { features, size: features.length / labelled.n, losses };
      const predictor = await trainRanker(rows, { ...options, loss: 'margin' }, stream.of('predictor'));
      try {
        return await predictor.score(await poolFeatures(classifier, pool));
      } finally {
        predictor.dispose();
      }
    },
  });
}
