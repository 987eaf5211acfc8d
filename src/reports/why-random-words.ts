/**
 * The answer to "why does this look like random?" in sentences, each with the figures it rests on.
 */
import { SATURATED } from '../../vaal/vaal-evidence.ts';
import { count, figure, list, NARROW_SPACE, percent } from './number-format.ts';
import type { VaalFigures } from './vaal-figures.ts';
import {
  CAUSES,
  type Cause,
  CHANCE_AUC,
  COLLAPSED_NATS,
  COLLAPSED_UNITS,
  SATURATED_CANDIDATES,
  TIED_BATCH,
} from './why-random.ts';

/** One sentence on what holds, and one a cause that does. */
export function whyRandomSentences(figures: VaalFigures): string[] {
  const { named, unknown, rounds } = figures.why;
  if (rounds === 0) return ['No round is recorded.'];
  const undecided =
    unknown.length === 0
      ? []
      : [`The records do not tell of ${list(unknown)}: they are of an older version.`];
  if (named.length > 0) return [...named.map((cause) => holds(cause, figures)), ...undecided];
  const others = CAUSES.filter((cause) => !unknown.includes(cause));
  const none =
    others.length === 0
      ? []
      : [
          others.length === CAUSES.length
            ? 'None of posterior collapse, a saturated discriminator and ties holds.'
            : `${capital(list(others))} ${others.length === 1 ? 'does' : 'do'} not hold.`,
        ];
  return [...none, tellingApart(figures), ...undecided];
}

/** The rule of each cause with its figures: means over rounds and seeds. */
export function causeFacts(figures: VaalFigures): (readonly [term: string, value: string])[] {
  const { activeUnits, latentSize, divergence, saturatedShare, tiedShare, why } = figures;
  const values: Record<Cause, string> = {
    'posterior collapse': `${figure(activeUnits)} of ${figure(latentSize)} units active, divergence ${figure(divergence)}${NARROW_SPACE}nats. Holds if at most ${percent(COLLAPSED_UNITS, 0)} of the units are active, or below ${figure(COLLAPSED_NATS)}${NARROW_SPACE}nats (one bit)`,
    'saturated discriminator': `${percent(saturatedShare)} of the candidates within ${SATURATED} of 0 or 1. Holds from ${percent(SATURATED_CANDIDATES, 0)}`,
    ties: `a draw decided on ${percent(tiedShare)} of the batch. Holds from ${percent(TIED_BATCH, 0)}`,
  };
  return why.counts.map(({ cause, held, known }) => [
    cause,
    known === 0 ? 'not recorded' : `${values[cause]}: in ${held} of ${count(known, 'round')}.`,
  ]);
}

function holds(
  cause: Cause,
  { activeUnits, latentSize, divergence, saturatedShare, tiedShare, why }: VaalFigures,
) {
  const { held = 0, known = 0 } = why.counts.find((entry) => entry.cause === cause) ?? {};
  const often = `in ${held} of ${count(known, 'round')}`;
  switch (cause) {
    case 'posterior collapse':
      return `Posterior collapse, ${often}: of ${figure(latentSize)} units of the code ${figure(activeUnits)} are active, and its divergence from the prior is ${figure(divergence)}${NARROW_SPACE}nats. Beyond its own noise the code says next to nothing of an image, so the discriminator has next to nothing to rank by.`;
    case 'saturated discriminator':
      return `Saturated discriminator, ${often}: it has no doubt of ${percent(saturatedShare)} of the candidates, so their order is that of certainties, not of doubts.`;
    case 'ties':
      return `Ties, ${often}: candidates have the same score, and a draw between them decided on ${percent(tiedShare)} of the batch.`;
  }
}

function tellingApart({ auc }: VaalFigures): string {
  if (auc === null) {
    return 'Whether the discriminator tells the pools apart is not known, as no images were held out.';
  }
  return Math.abs(auc - 0.5) <= CHANCE_AUC
    ? `But on images held out the discriminator tells the pools apart no better than chance (AUC ${auc.toFixed(2)}): what it ranks by has little to do with being labelled, whatever the code holds.`
    : `The discriminator tells the pools apart (AUC ${auc.toFixed(2)} on images held out): what is bought is what looks unlike the labelled images, which need not be what the task model lacks.`;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
