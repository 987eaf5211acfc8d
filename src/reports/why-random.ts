/**
 * Why the choice of a discriminator may look like chance: decided from the figures that rounds tell of themselves.
 *
 * - Posterior collapse: the code is empty, so the discriminator sees nothing of the image.
 * - Saturated discriminator: it is certain of nearly every candidate, so it has no doubt left to rank by.
 * - Ties: candidates have the same score, so a draw decides between them.
 *
 * Several can hold at once: a collapsed code makes ties.
 */

/** In the order they are told: a cause before what follows from it. */
export const CAUSES = ['posterior collapse', 'saturated discriminator', 'ties'] as const;
export type Cause = (typeof CAUSES)[number];

/** A code of at most this share of active units is collapsed: of 16 none, of 32 one. Ours. */
export const COLLAPSED_UNITS = 0.05;
/**
 * So is one whose whole divergence from the prior is below this, in nats: one bit. The divergence bounds what a sampled code
 * can say of an image, and less than a bit does not even tell two halves of the images apart.
 */
export const COLLAPSED_NATS = Math.LN2;
/** Share of the candidates without doubt from which the discriminator is saturated. Ours. */
export const SATURATED_CANDIDATES = 0.95;
/** Share of the batch from which ties decide: half of it. Ours. */
export const TIED_BATCH = 0.5;
/** A cause is named if it holds in more than this share of the rounds. */
export const MOST_ROUNDS = 0.5;
/** Distance of the AUC from 1/2 within which a discriminator tells nothing apart: the default of VAAL's `tolerance`. */
export const CHANCE_AUC = 0.05;

/** What a round tells; null where it does not. */
export interface RoundFigures {
  readonly latentSize: number | null;
  readonly activeUnits: number | null;
  /** In nats, summed over dimensions. */
  readonly divergence: number | null;
  /** Of the candidates, in [0, 1]. */
  readonly saturatedShare: number | null;
  /** Of the batch, in [0, 1]. */
  readonly tiedShare: number | null;
}

/** In how many rounds a cause holds, of those whose figures decide it. */
export interface CauseCount {
  readonly cause: Cause;
  readonly held: number;
  readonly known: number;
}

export interface WhyRandom {
  readonly rounds: number;
  /** One a cause, in the order of {@link CAUSES}. */
  readonly counts: readonly CauseCount[];
  /** The causes that hold in most rounds; empty if none does. */
  readonly named: readonly Cause[];
  /** The causes that no round's figures decide. */
  readonly unknown: readonly Cause[];
}

/** Whether each cause holds in a round; null where its figures are missing. */
export function causesOf(figures: RoundFigures): Record<Cause, boolean | null> {
  const { latentSize, activeUnits, divergence, saturatedShare, tiedShare } = figures;
  const few =
    activeUnits === null || latentSize === null ? null : activeUnits <= COLLAPSED_UNITS * latentSize;
  const little = divergence === null ? null : divergence < COLLAPSED_NATS;
  return {
    'posterior collapse':
      few === true || little === true ? true : few === null || little === null ? null : false,
    'saturated discriminator': saturatedShare === null ? null : saturatedShare >= SATURATED_CANDIDATES,
    ties: tiedShare === null ? null : tiedShare >= TIED_BATCH,
  };
}

/** What holds in most rounds of a strategy, all its seeds together. */
export function whyRandom(rounds: readonly RoundFigures[]): WhyRandom {
  const ofRounds = rounds.map(causesOf);
  const counts = CAUSES.map((cause) => ({
    cause,
    held: ofRounds.filter((causes) => causes[cause] === true).length,
    known: ofRounds.filter((causes) => causes[cause] !== null).length,
  }));
  return {
    rounds: rounds.length,
    counts,
    named: counts.filter(({ held, known }) => held > MOST_ROUNDS * known).map(({ cause }) => cause),
    unknown: counts.filter(({ known }) => known === 0).map(({ cause }) => cause),
  };
}
