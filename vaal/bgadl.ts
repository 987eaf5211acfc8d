/**
 * BGADL: buys what Monte Carlo dropout finds most informative, and trains on a copy of each image bought, under its label.
 *
 *     select     the `batch` images x* of largest mutual information of label and weights, of a subset of the candidates
 *     generate   x' = g(e(x*), y*), by a VAE-ACGAN trained anew on the labelled images, x* among them
 *     train      the task model on all x*, and all x' from the round of x* on
 *
 * Source: Tran, Do, Reid and Carneiro 2019, "Bayesian generative active deep learning" (ICML; arXiv:1904.11643).
 * Reference code: toantm/BGADL demo_mnist.py. `vae-acgan-step.ts` says what differs in the networks.
 * Differs: the task model is trained as that of any other strategy, on labelled images and copies alike, where the code trains
 * it along with the other networks, on copies made anew in every step. Rows that are bought leave the pool: the code calls
 * `np.delete` and drops what it returns, so that they stay and every round puts 2,000 rows there twice. All passes see the
 * candidates in one order, and the task model must have dropout; in the code they are shuffled for each pass and the network
 * has none, so that its scores are chance.
 */

import type { ExtraTraining } from '../src/acquisition/extra-training.ts';
import { createBald, mutualInformation } from '../src/acquisition/strategies/bald.ts';
import type { Diagnostics, Round, Strategy } from '../src/acquisition/strategy.ts';
import {
  predictedClasses,
  probabilities,
  sampleScoresOfImages,
  scoreImages,
} from '../src/classifiers/predict.ts';
import type { Split } from '../src/datasets/dataset.ts';
import type { PoolIndex } from '../src/shapes.ts';
import type { BgadlConfig } from './bgadl-config.ts';
import { trainVaeAcgan } from './vae-acgan.ts';

/**
 * A strategy that buys by {@link createBald} among a subset of the candidates, and adds a copy of each image that was
 * answered to the training of this and all later rounds. Diagnostics: those of BALD, of the subset; `candidatesScored`;
 * `encoderLoss`, `decoderLoss`, `discriminatorLoss` of the last step; and of bought images and their copies
 *
 * - `readRightBought`, `readRightCopies`: the share whose likeliest class under the round's task model, which was trained on
 *   neither, is their label;
 * - `meanMutualInformationCopies`, beside `meanMutualInformationSelected` of BALD: whether copies are as informative;
 * - `copyError`: squared difference of brightness in [0, 1], the mean over pixels.
 *
 * Streams below the round's: `subset`, `networks`, `copies`, and those of BALD. The task model must have dropout.
 */
export function createBgadl(config: BgadlConfig): Strategy {
  const bald = createBald(config);
  return {
    select: async (round) => {
      const candidates = subsetOf(round, config.subset);
      const selection = await bald.select({ ...round, pool: { ...round.pool, candidates } });
      if (selection.kind !== 'pool') throw new Error('createBgadl: expected rows of the pool from BALD');
      return {
        ...selection,
        diagnostics: { ...selection.diagnostics, candidatesScored: candidates.length },
        extraTraining: (bought: Split) => copiesOf(bought, round, config),
      };
    },
  };
}

/** Uniformly drawn, ascending. */
function subsetOf({ pool: { candidates }, batch, stream }: Round, subset: number): PoolIndex[] {
  const count = Math.min(candidates.length, Math.max(subset, batch));
  return stream
    .of('subset')
    .choose(candidates, count)
    .sort((a, b) => a - b);
}

async function copiesOf(bought: Split, round: Round, config: BgadlConfig): Promise<ExtraTraining> {
  const { labelled, pool, stream } = round;
  const none = { from: { kind: 'synthesised', images: bought.images, origins: bought.images } } as const;
  if (bought.n === 0) return { ...none, labels: [], kept: true, diagnostics: {} };
  const networks = await trainVaeAcgan(config, both(labelled, bought), pool, stream.of('networks'));
  try {
    const images = await networks.copies(bought, stream.of('copies'));
    const { encoder, decoder, discriminator } = networks.losses;
    return {
      from: { kind: 'synthesised', images, origins: bought.images },
      labels: [...bought.labels],
      kept: true,
      diagnostics: {
        encoderLoss: encoder,
        decoderLoss: decoder,
        discriminatorLoss: discriminator,
        ...(await comparison(bought, images, round, config)),
      },
    };
  } finally {
    networks.dispose();
  }
}

function both(first: Split, second: Split): Split {
  const images = new Uint8Array(first.images.length + second.images.length);
  images.set(first.images);
  images.set(second.images, first.images.length);
  return { images, labels: Uint8Array.from([...first.labels, ...second.labels]), n: first.n + second.n };
}

async function comparison(
  bought: Split,
  copies: Uint8Array,
  { classifier, stream }: Round,
  { passes }: BgadlConfig,
): Promise<Diagnostics> {
  const { classes } = classifier;
  const readRight = async (images: Uint8Array) => {
    const read = predictedClasses(await scoreImages(classifier, images), classes);
    return read.filter((label, row) => label === bought.labels[row]).length / bought.n;
  };
  const sampled = await sampleScoresOfImages(classifier, copies, stream.of('passes'), passes);
  const information = mutualInformation({ probs: probabilities(sampled, classes), members: passes, classes });
  let squares = 0;
  copies.forEach((byte, i) => {
    squares += ((byte - (bought.images[i] as number)) / 255) ** 2;
  });
  return {
    readRightBought: await readRight(bought.images),
    readRightCopies: await readRight(copies),
    meanMutualInformationCopies: information.reduce((sum, value) => sum + value, 0) / bought.n,
    copyError: squares / copies.length,
  };
}
