/**
 * The choice that all strategies with a discriminator make alike, and what they tell of it.
 */
import { lowest } from '../src/acquisition/ranking.ts';
import type { Reconstructions } from '../src/acquisition/reconstructions.ts';
import { Stopwatch } from '../src/acquisition/strategies/stopwatch.ts';
import type { Diagnostics, Round, Selection } from '../src/acquisition/strategy.ts';
import type { Stream } from '../src/random.ts';
import { toPoolIndex } from '../src/shapes.ts';
import { type HeldOut, holdOut, type ImageRows, splitRows, unlabelledRows } from './image-rows.ts';
import type { VaalImages, VaalModel } from './round-model.ts';
import type { VaalConfig } from './vaal-config.ts';
import { vaalEvidence } from './vaal-evidence.ts';

/** Images of each pool whose reconstructions are shown. */
const RECONSTRUCTED = 10;

/** A model that may have more to tell. */
export interface TellingModel extends VaalModel {
  /** Further figures, for which labelled images were held out, at these rows of the labelled images. */
  figures?(heldOut: readonly number[]): Promise<Diagnostics>;
}

/**
 * Trains a model on the round's images but for those held out, scores all candidates, and buys the `batch` of lowest score,
 * ties broken at random. The diagnostics are those of {@link vaalEvidence} and the model's own, and the reconstructions are of
 * ten images of each pool, held out if any were; the time of training and scoring counts as scoring.
 *
 * Streams below the round's: `held out`, `scores`, `held-out scores`, `ties`, and what `train` draws from. For what is told
 * alone: `random`, `entropy`, `reconstructions`.
 *
 * @throws RangeError if the pool has fewer candidates than the batch, or what `train` throws
 */
export async function selectLeastLabelled(
  round: Round,
  { heldOut: share, tolerance, latentSize }: Pick<VaalConfig, 'heldOut' | 'tolerance' | 'latentSize'>,
  train: (images: VaalImages) => Promise<TellingModel>,
): Promise<Selection> {
  const { batch, pool, stream } = round;
  const { candidates } = pool;
  if (candidates.length < batch) {
    throw new RangeError(
      `selectLeastLabelled.round: expected at least ${batch} candidates, got ${candidates.length}`,
    );
  }
  const watch = new Stopwatch();
  const known = splitRows(round.labelled, pool.shape);
  const unknown = unlabelledRows(pool);
  const ofKnown = holdOut(known.count, share, stream.of('held out', 'labelled'));
  const ofUnknown = holdOut(unknown.count, share, stream.of('held out', 'unlabelled'));
  const model = await watch.time('scoreMs', () =>
    train({
      shape: pool.shape,
      labelled: { images: known, rows: ofKnown.trained, labels: round.labelled.labels },
      unlabelled: { images: unknown, rows: ofUnknown.trained },
    }),
  );
  try {
    const every = candidates.map((_, row) => row);
    const logits = await watch.time('scoreMs', () => model.logits(unknown, every, stream.of('scores')));
    const picked = lowest(logits, batch, stream.of('ties'));
    const told = await watch.time('diagnosticsMs', async () => {
      const evidence = await vaalEvidence({
        round,
        logits,
        bought: picked,
        heldOut: {
          labelled: await model.logits(known, ofKnown.heldOut, stream.of('held-out scores')),
          unlabelled: Float32Array.from(ofUnknown.heldOut, (row) => logits[row] as number),
        },
        vae: await model.vaeTable(unknown, ofUnknown.heldOut),
        latentSize,
        tolerance,
      });
      const show = (images: ImageRows, rows: HeldOut, name: string) =>
        reconstructed(model, images, rows, stream.of('reconstructions', name));
      return {
        diagnostics: { ...evidence, ...(await model.figures?.(ofKnown.heldOut)) },
        reconstructions: {
          labelled: await show(known, ofKnown, 'labelled'),
          unlabelled: await show(unknown, ofUnknown, 'unlabelled'),
        },
      };
    });
    return {
      kind: 'pool',
      rows: picked.map((row) => toPoolIndex(candidates, row)),
      ...told,
      times: watch.times(),
    };
  } finally {
    model.dispose();
  }
}

async function reconstructed(
  model: TellingModel,
  images: ImageRows,
  { heldOut, trained }: HeldOut,
  stream: Stream,
): Promise<Reconstructions['labelled']> {
  const unseen = heldOut.length > 0;
  const from = unseen ? heldOut : trained;
  const rows = stream.choose(from, Math.min(RECONSTRUCTED, from.length));
  return { images: images.bytes(rows), decoded: await model.reconstruct(images, rows), heldOut: unseen };
}
