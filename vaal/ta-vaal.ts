/**
 * TA-VAAL: VAAL whose decoder and discriminator are told, of every image, how much the task model is expected to lose on it.
 *
 *     s    = ranker(features of the task model)              trained to order the labelled images by their loss
 *     r    = sigmoid(s - mean s) - 1/2                       one number an image, 0 for the middle
 *     VAAL with decode(z, r) in the place of decode(z), and D(mu, r) in that of D(mu)
 *
 * Source: Kim et al. 2021, "Task-Aware Variational Adversarial Active Learning" (CVPR), section 3.
 * Reference code: cubeyoung/TA-VAAL.
 * Differs: decoder and discriminator get the same rank (the code gives one sigmoid(s), the other s), centred, since s is
 * learned from differences alone; ranks are there from the first step (the code begins with random ones); the ranker is
 * trained after the task model (`ranker.ts`). Where all ranks are alike the choice is exactly VAAL's.
 *
 * Memory beside the networks: one batch of images, and two numbers an image.
 */
import type { Round, Strategy } from '../src/acquisition/strategy.ts';
import { featuresOfImages } from '../src/classifiers/predict.ts';
import type { ImageRows } from './image-rows.ts';
import { trainRanker } from './ranker.ts';
import type { VaalImages } from './round-model.ts';
import { selectLeastLabelled, type TellingModel } from './select-least-labelled.ts';
import type { TaVaalConfig } from './ta-vaal-config.ts';
import { lossesOf } from './task-losses.ts';
import { trainVaal } from './vaal-model.ts';

/** Images whose features are held at a time. */
const BLOCK = 4096;

/**
 * A strategy that trains ranker, autoencoder and discriminator anew in every round and buys the `batch` candidates of lowest
 * score, ties broken at random: {@link selectLeastLabelled}. It tells `rankAgreement`, the share of pairs of held-out labelled
 * images of different loss that the ranker has in their order; null where there are none.
 */
export function createTaVaal(options: TaVaalConfig): Strategy {
  return {
    select: (round) => selectLeastLabelled(round, options, (images) => trainTaVaal(options, images, round)),
  };
}

async function trainTaVaal(
  options: TaVaalConfig,
  images: VaalImages,
  { classifier, stream }: Round,
): Promise<TellingModel> {
  const { labelled, unlabelled } = images;
  const all = (rows: ImageRows) => Array.from({ length: rows.count }, (_, row) => row);
  const losses = await lossesOf(classifier, labelled.images.bytes(all(labelled.images)), labelled.labels);
  const features = await featuresOfImages(classifier, labelled.images.bytes(labelled.rows));
  const ranker = await trainRanker(
    {
      features,
      size: features.length / labelled.rows.length,
      losses: Float32Array.from(labelled.rows, (row) => losses[row] as number),
    },
    options.ranker,
    stream.of('ranker'),
  );
  const scored = async (rows: ImageRows): Promise<Float32Array> => {
    const scores = new Float32Array(rows.count);
    for (let start = 0; start < rows.count; start += BLOCK) {
      const block = rows.bytes(all(rows).slice(start, start + BLOCK));
      scores.set(await ranker.score(await featuresOfImages(classifier, block)), start);
    }
    return scores;
  };
  try {
    const ofLabelled = await scored(labelled.images);
    const ofUnlabelled = await scored(unlabelled.images);
    const ranks = centredRanks([ofLabelled, ofUnlabelled]);
    const ranked = new Map<ImageRows, ImageRows>([
      [labelled.images, { ...labelled.images, ranks: ranks[0] as Float32Array }],
      [unlabelled.images, { ...unlabelled.images, ranks: ranks[1] as Float32Array }],
    ]);
    const withRanks = (rows: ImageRows) => ranked.get(rows) ?? rows;
    const model = await trainVaal(
      options,
      {
        ...images,
        labelled: { ...labelled, images: withRanks(labelled.images) },
        unlabelled: { ...unlabelled, images: withRanks(unlabelled.images) },
      },
      stream,
    );
    return {
      logits: (rows, ...rest) => model.logits(withRanks(rows), ...rest),
      vaeTable: (rows, ...rest) => model.vaeTable(withRanks(rows), ...rest),
      reconstruct: (rows, ...rest) => model.reconstruct(withRanks(rows), ...rest),
      figures: async (heldOut) => ({ rankAgreement: rankAgreement(ofLabelled, losses, heldOut) }),
      dispose: () => model.dispose(),
    };
  } finally {
    ranker.dispose();
  }
}

/** `sigmoid(s - mean s) - 1/2` of scores in lists, the mean taken over all of them. */
export function centredRanks(lists: readonly Float32Array[]): Float32Array[] {
  const count = lists.reduce((sum, { length }) => sum + length, 0);
  const mean = lists.reduce((sum, list) => sum + list.reduce((total, score) => total + score, 0), 0) / count;
  return lists.map((list) => list.map((score) => 1 / (1 + Math.exp(mean - score)) - 0.5));
}

/** Share of the pairs of rows of different loss whose scores have their order, ties counting half; null without pairs. */
export function rankAgreement(
  scores: ArrayLike<number>,
  losses: ArrayLike<number>,
  rows: readonly number[],
): number | null {
  let pairs = 0;
  let right = 0;
  rows.forEach((one, i) => {
    for (const other of rows.slice(i + 1)) {
      const costs = Math.sign((losses[one] as number) - (losses[other] as number));
      if (costs === 0) continue;
      pairs++;
      right += (1 + costs * Math.sign((scores[one] as number) - (scores[other] as number))) / 2;
    }
  });
  return pairs === 0 ? null : right / pairs;
}
