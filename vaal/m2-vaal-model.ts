/**
 * M2 and its discriminator for one round: trained from scratch, then asked which images look unlabelled.
 */
import * as tf from '@tensorflow/tfjs';
import { m2Noise } from '../generators/m2.ts';
import { M2Config } from '../generators/m2-config.ts';
import type { M2Batch, M2Noise } from '../generators/m2-step.ts';
import { bernoulliPixels, flatImages, imagesOfLogits } from '../generators/mlp-terms.ts';
import type { Diagnostics } from '../src/acquisition/strategy.ts';
import { graphStep } from '../src/backend/graph-step.ts';
import type { Stream } from '../src/random.ts';
import { discriminateCodes } from './discriminator.ts';
import { m2VaalBatches } from './m2-vaal-batches.ts';
import type { M2VaalConfig } from './m2-vaal-config.ts';
import {
  type CodeDiscriminator,
  codeDiscriminatorUpdate,
  createM2VaalTraining,
  disposeM2VaalTraining,
  type M2VaalTraining,
  type MixedCodes,
  m2VaalUpdate,
  mixedCodes,
} from './m2-vaal-step.ts';
import {
  checkImages,
  decodedBytes,
  inBlocks,
  settleLosses,
  type VaalImages,
  vaeTableOf,
} from './round-model.ts';
import type { TellingModel } from './select-least-labelled.ts';

/**
 * Trains M2 and the discriminator: in turns, or the discriminator after M2 on the same number of batches.
 *
 * @param classes of the labels
 * @param stream everything random comes from streams below it: `weights`, `labelled` and `unlabelled` (orders), `step` (by
 *   number)
 * @returns a model the caller disposes; it tells `classifierAccuracy`, the share of held-out labelled images whose likeliest
 *   class is their label
 * @throws RangeError if one of the two has no rows; Error naming the step if a loss stops being finite
 */
export async function trainM2Vaal(
  config: M2VaalConfig,
  images: VaalImages,
  classes: number,
  stream: Stream,
): Promise<TellingModel> {
  checkImages('trainM2Vaal', images);
  const { labelled, unlabelled, shape } = images;
  const ofM2 = M2Config.parse({ ...config.m2, kind: 'm2', classes });
  const counts = { labelled: labelled.rows.length, unlabelled: unlabelled.rows.length };
  const training = createM2VaalTraining(ofM2, config, shape, counts, stream.of('weights'));
  try {
    await runSteps(config, ofM2, training, images, stream);
    const dispose = () => disposeM2VaalTraining(training);
    const model = codeModel(ofM2, training, images, dispose);
    const figures = (heldOut: readonly number[]) => accuracyFigure(model.probs, images, classes, heldOut);
    return { ...model, figures };
  } catch (error) {
    disposeM2VaalTraining(training);
    throw error;
  }
}

async function runSteps(
  { discriminate, discriminatorSteps, adversary }: M2VaalConfig,
  config: M2Config,
  training: M2VaalTraining,
  images: VaalImages,
  stream: Stream,
): Promise<void> {
  const { steps } = config;
  const along = discriminate === 'along';
  // Before there is a discriminator nobody can be deceived.
  const learner = { ...training, adversary: along ? adversary : 0 };
  const ofM2 = graphStep(({ batch, noise }: { batch: M2Batch; noise: M2Noise }) => ({
    ...m2VaalUpdate(learner, batch, noise),
  }));
  const by = along ? 'batch' : 'running';
  const ofDiscriminator = graphStep((batch: Pick<M2Batch, 'labelled' | 'unlabelled'>) => ({
    loss: codeDiscriminatorUpdate(training, batch, { by }),
  }));
  const withBatch = m2VaalBatches(config, images, stream);
  const learnM2 = async (batch: M2Batch, step: number): Promise<void> => {
    const noise = m2Noise(config, training.m2, batch.labelled, batch.unlabelled, stream.of('step', step));
    const losses = ofM2({ batch, noise });
    tf.dispose(noise as unknown as tf.TensorContainer);
    await settleLosses(losses, { name: 'trainM2Vaal, M2', step, steps });
  };
  const learnDiscriminator = async ({ labelled, unlabelled }: M2Batch, step: number): Promise<void> =>
    settleLosses(ofDiscriminator({ labelled, unlabelled }), {
      name: 'trainM2Vaal, discriminator',
      step,
      steps,
    });
  try {
    for (let step = 1; step <= steps; step++) {
      await withBatch(async (batch) => {
        await learnM2(batch, step);
        if (along) await learnDiscriminator(batch, step);
      });
      for (let i = 1; along && i < discriminatorSteps; i++) {
        await withBatch((batch) => learnDiscriminator(batch, step));
      }
    }
    for (let step = 1; !along && step <= steps; step++) {
      for (let i = 0; i < discriminatorSteps; i++) {
        await withBatch((batch) => learnDiscriminator(batch, step));
      }
    }
  } finally {
    ofM2.dispose();
    ofDiscriminator.dispose();
  }
}

/** What a discriminator and its M2 make of images. */
export interface CodeModel extends TellingModel {
  /** `q(y|x)` of a block of images in [-1, 1]; the caller disposes it. */
  readonly probs: (block: tf.Tensor4D) => tf.Tensor2D;
}

/**
 * A discriminator of an M2's codes in use, in inference mode.
 *
 * @param dispose what disposing the model does
 */
export function codeModel(
  { latentSize }: Pick<M2Config, 'latentSize'>,
  { m2, discriminator }: Pick<CodeDiscriminator, 'm2' | 'discriminator'>,
  { shape }: Pick<VaalImages, 'shape'>,
  dispose: () => void,
): CodeModel {
  const codesOf = (images: tf.Tensor4D) => mixedCodes(m2, bernoulliPixels(images), { by: 'running' });
  const decodedOf = ({ posteriors, probs }: MixedCodes) =>
    imagesOfLogits(m2.layers.decode(m2.decoder, posteriors.means, probs), shape);
  return {
    logits: async (images, rows) => {
      const scores = new Float32Array(rows.length);
      const logits = (block: tf.Tensor4D) =>
        tf.tidy(() => discriminateCodes(discriminator, codesOf(block).codes));
      await inBlocks(images, rows, shape, undefined, logits, (values, first) => scores.set(values, first));
      return scores;
    },
    vaeTable: (images, rows) =>
      vaeTableOf(images, rows, shape, latentSize, (block) => {
        const codes = codesOf(block);
        const flat = flatImages(decodedOf(codes));
        const errors = tf.sum(tf.squaredDifference(flat, flatImages(block)), 1) as tf.Tensor1D;
        return { ...codes.posteriors, errors };
      }),
    reconstruct: (images, rows) => decodedBytes(images, rows, shape, (block) => decodedOf(codesOf(block))),
    probs: (block) => tf.tidy(() => codesOf(block).probs),
    dispose,
  };
}

async function accuracyFigure(
  probs: CodeModel['probs'],
  { labelled, shape }: VaalImages,
  classes: number,
  heldOut: readonly number[],
): Promise<Diagnostics> {
  let right = 0;
  await inBlocks(labelled.images, heldOut, shape, undefined, probs, (values, first) => {
    for (let i = 0; i < values.length / classes; i++) {
      const row = values.subarray(i * classes, (i + 1) * classes);
      const label = labelled.labels[heldOut[first + i] as number];
      if (row.indexOf(Math.max(...row)) === label) right++;
    }
  });
  return { classifierAccuracy: heldOut.length === 0 ? null : right / heldOut.length };
}
