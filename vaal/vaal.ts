/**
 * VAAL: an autoencoder learns codes of labelled and unlabelled images that a discriminator cannot tell apart, the
 * discriminator to tell them apart all the same; the images that it finds least labelled are bought.
 *
 *     VAE            minimise over encoder, decoder    |x - decode(z)|^2 + beta KL(q(z|x) || p(z)) - adversary log D(mu(x))
 *     discriminator  minimise over D                   -log D(mu(labelled)) - log(1 - D(mu(unlabelled)))
 *     select         the `batch` unlabelled images of smallest D(mu(x))
 *
 * Source: Sinha et al. 2019, "Variational Adversarial Active Learning" (ICCV; arXiv:1904.00370), algorithms 1 and 2.
 * Differs: the images are scored as they are and in inference mode, where the authors' code scores mirrored images by the
 * statistics of random batches; a share of the images is held out for the figures. `vaal-step.ts` says what differs in
 * training, `vaal-config.ts` how to have it as the code has it.
 *
 * The networks know nothing of the task: neither labels nor the task model enter the choice. Memory beside the networks: one
 * batch of images, and one number a candidate.
 */
import { lowest } from '../src/acquisition/ranking.ts';
import { Stopwatch } from '../src/acquisition/strategies/stopwatch.ts';
import type { Round, Selection, Strategy } from '../src/acquisition/strategy.ts';
import { toPoolIndex } from '../src/shapes.ts';
import { holdOut, splitRows, unlabelledRows } from './image-rows.ts';
import type { VaalConfig } from './vaal-config.ts';
import { vaalEvidence } from './vaal-evidence.ts';
import { trainVaal } from './vaal-model.ts';

/**
 * A strategy that trains both networks anew in every round and buys the `batch` candidates of lowest score, ties broken at
 * random. The diagnostics are those of {@link vaalEvidence}; the time of training and scoring counts as scoring.
 *
 * @throws `select`: RangeError if there is no labelled image, or the pool has fewer candidates than the batch
 */
export function createVaal(options: VaalConfig): Strategy {
  return {
    select: async (round): Promise<Selection> => {
      const { batch, pool, stream } = round;
      const { candidates } = pool;
      if (candidates.length < batch) {
        throw new RangeError(
          `createVaal.select.round: expected ${batch} candidates, got ${candidates.length}`,
        );
      }
      const watch = new Stopwatch();
      const sources = imagesOfRound(options, round);
      const { labelled, unlabelled } = sources;
      const model = await watch.time('scoreMs', () =>
        trainVaal(
          options,
          {
            shape: pool.shape,
            labelled: { images: labelled.images, rows: labelled.trained },
            unlabelled: { images: unlabelled.images, rows: unlabelled.trained },
          },
          stream,
        ),
      );
      try {
        const every = candidates.map((_, row) => row);
        const logits = await watch.time('scoreMs', () =>
          model.logits(unlabelled.images, every, stream.of('scores')),
        );
        const picked = lowest(logits, batch, stream.of('ties'));
        const diagnostics = await vaalEvidence({
          round,
          logits,
          bought: picked,
          heldOut: {
            labelled: await model.logits(labelled.images, labelled.heldOut, stream.of('held-out scores')),
            unlabelled: Float32Array.from(unlabelled.heldOut, (row) => logits[row] as number),
          },
          vae: await model.vaeTable(unlabelled.images, unlabelled.heldOut),
          latentSize: options.latentSize,
          tolerance: options.tolerance,
        });
        const rows = picked.map((row) => toPoolIndex(candidates, row));
        return { kind: 'pool', rows, diagnostics, times: watch.times() };
      } finally {
        model.dispose();
      }
    },
  };
}

/** The images of both pools, and which of them are held out. */
function imagesOfRound({ heldOut }: VaalConfig, { pool, labelled, stream }: Round) {
  const known = splitRows(labelled, pool.shape);
  const unknown = unlabelledRows(pool);
  return {
    labelled: { images: known, ...holdOut(known.count, heldOut, stream.of('held out', 'labelled')) },
    unlabelled: { images: unknown, ...holdOut(unknown.count, heldOut, stream.of('held out', 'unlabelled')) },
  };
}
