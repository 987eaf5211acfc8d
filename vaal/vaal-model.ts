/**
 * VAAL's networks for one round: trained from scratch on the labelled and the unlabelled images, then asked which images
 * look unlabelled.
 */
import * as tf from '@tensorflow/tfjs';
import { graphStep } from '../src/backend/graph-step.ts';
import type { Stream } from '../src/random.ts';
import { discriminateCodes } from './discriminator.ts';
import { endlessBatches, type ImageRows, imagesOf, ranksOf } from './image-rows.ts';
import { withRanks } from './ranks.ts';
import {
  checkImages,
  decodedBytes,
  inBlocks,
  reading,
  settleLosses,
  type VaalImages,
  type VaalModel,
  vaeTableOf,
} from './round-model.ts';
import type { VaalConfig } from './vaal-config.ts';
import {
  createVaalTraining,
  discriminatorUpdate,
  disposeVaalTraining,
  type VaalBatch,
  type VaalTraining,
  vaeUpdate,
} from './vaal-step.ts';

const INFERENCE = { by: 'running' } as const;

/**
 * Trains both networks: in every step `vaeSteps` updates of the autoencoder, each on a new batch, then `discriminatorSteps`
 * of the discriminator, the first on the last of those batches. Networks of images that have ranks are conditioned on them.
 *
 * @param stream everything random comes from streams below it: `weights`, `labelled` and `unlabelled` (orders), `latents`
 *   and `flips` (by update)
 * @returns a model the caller disposes
 * @throws RangeError if one of the two has no rows; Error naming the step if a loss stops being finite
 */
export async function trainVaal(config: VaalConfig, images: VaalImages, stream: Stream): Promise<VaalModel> {
  checkImages('trainVaal', images);
  const training = createVaalTraining(config, images.shape, stream.of('weights'), {
    conditioned: images.unlabelled.images.ranks !== undefined,
  });
  try {
    await runSteps(config, training, images, stream);
    return modelOf(config, training);
  } catch (error) {
    disposeVaalTraining(training);
    throw error;
  }
}

async function runSteps(
  { batch, steps, vaeSteps, discriminatorSteps, latentSize, faithful }: VaalConfig,
  training: VaalTraining,
  { shape, labelled, unlabelled }: VaalImages,
  stream: Stream,
): Promise<void> {
  const ofVae = graphStep(({ latents, ...images }: VaalBatch & { latents: tf.Tensor2D }) => ({
    ...vaeUpdate(training, images, latents),
  }));
  const ofDiscriminator = graphStep((images: VaalBatch) => ({ loss: discriminatorUpdate(training, images) }));
  const labelledRows = endlessBatches(labelled.rows, batch, stream.of('labelled'));
  const unlabelledRows = endlessBatches(unlabelled.rows, batch, stream.of('unlabelled'));
  let drawn = 0;
  const nextBatch = (): VaalBatch => {
    const flips = (pool: string) => (faithful.flips ? stream.of('flips', pool, drawn) : undefined);
    const [known, others] = [labelledRows(drawn), unlabelledRows(drawn)];
    const ranks = [ranksOf(labelled.images, known), ranksOf(unlabelled.images, others)];
    const next = {
      labelled: imagesOf(labelled.images, known, shape, flips('labelled')),
      unlabelled: imagesOf(unlabelled.images, others, shape, flips('unlabelled')),
      ...(ranks[0] && ranks[1] && { ranks: tf.concat2d([ranks[0], ranks[1]], 0) }),
    };
    for (const each of ranks) each?.dispose();
    drawn++;
    return next;
  };
  let update = 0;
  let current: VaalBatch | undefined;
  const renew = (): VaalBatch => {
    if (current) tf.dispose(current);
    current = nextBatch();
    return current;
  };
  try {
    for (let step = 1; step <= steps; step++) {
      for (let i = 0; i < vaeSteps; i++) {
        const noise = stream.of('latents', update++).normals(2 * batch * latentSize);
        const latents = tf.tensor2d(noise, [2 * batch, latentSize]);
        const losses = ofVae({ ...renew(), latents });
        latents.dispose();
        await settleLosses(losses, { name: 'trainVaal, autoencoder', step, steps });
      }
      for (let i = 0; i < discriminatorSteps; i++) {
        const losses = ofDiscriminator(i === 0 ? (current as VaalBatch) : renew());
        await settleLosses(losses, { name: 'trainVaal, discriminator', step, steps });
      }
    }
  } finally {
    if (current) tf.dispose(current);
    ofVae.dispose();
    ofDiscriminator.dispose();
  }
}

function modelOf({ batch, latentSize, faithful }: VaalConfig, training: VaalTraining): VaalModel {
  const { networks, likelihood, encoder, decoder, discriminator } = training;
  const { shape } = networks;
  const logitsOf = (
    block: tf.Tensor4D,
    by: 'batch' | 'running',
    images: ImageRows,
    rows: readonly number[],
  ) =>
    tf.tidy(() => {
      const { means } = networks.encode(encoder, likelihood.pixels(block), { by });
      return discriminateCodes(...withRanks(discriminator, means, ranksOf(images, rows)));
    });
  /** Posteriors of a block, and the decoder's outputs of their means, `[n, pixels]`. */
  const decodedOf = (pixels: tf.Tensor2D, images: ImageRows, rows: readonly number[]) => {
    const posteriors = networks.encode(encoder, pixels, INFERENCE);
    const [ranked, codes] = withRanks(decoder, posteriors.means, ranksOf(images, rows));
    return { posteriors, decoded: networks.decode(ranked, codes, INFERENCE) };
  };
  return {
    logits: async (images, rows, stream) => {
      const flips = faithful.flips ? stream.of('flips') : undefined;
      const scores = new Float32Array(rows.length);
      if (!faithful.batchNormScoring) {
        await inBlocks(
          images,
          rows,
          shape,
          flips,
          (block, ofBlock) => logitsOf(block, 'running', images, ofBlock),
          (values, first) => {
            scores.set(values, first);
          },
        );
        return scores;
      }
      const order = stream.of('batches').permutation(rows.length);
      for (let start = 0; start < order.length; start += batch) {
        const places = order.slice(start, start + batch);
        const taken = places.map((place) => rows[place] as number);
        const values = await reading(imagesOf(images, taken, shape, flips), (block) =>
          logitsOf(block, 'batch', images, taken),
        );
        places.forEach((place, i) => {
          scores[place] = values[i] as number;
        });
      }
      return scores;
    },
    vaeTable: (images, rows) =>
      vaeTableOf(images, rows, shape, latentSize, (block, ofBlock) => {
        const pixels = likelihood.pixels(block);
        const { posteriors, decoded } = decodedOf(pixels, images, ofBlock);
        return { ...posteriors, errors: tf.sum(tf.squaredDifference(decoded, pixels), 1) };
      }),
    reconstruct: (images, rows) =>
      decodedBytes(images, rows, shape, (block, ofBlock) =>
        likelihood.images(decodedOf(likelihood.pixels(block), images, ofBlock).decoded, shape),
      ),
    dispose: () => disposeVaalTraining(training),
  };
}
