/**
 * Strategies of Monte Carlo dropout: every candidate is scored by several networks drawn from the task model by dropout.
 *
 * Source: Gal, Islam and Ghahramani 2017, "Deep Bayesian active learning with image data".
 */
import { probabilities, sampleScoresOfImages } from '../classifiers/predict.ts';
import type { MemberProbabilities } from './member-probabilities.ts';
import type { MonteCarloConfig } from './monte-carlo-config.ts';
import { createScored } from './scored-strategy.ts';
import type { Round, Strategy } from './strategy.ts';

/** Candidates whose passes are held at once. */
const BLOCK = 1024;

export interface MonteCarloOptions extends MonteCarloConfig {
  /** Names the diagnostics, see {@link createScored}. */
  readonly measure: string;
  /** Scores `[n]` of some candidates, of which the highest are taken. */
  readonly score: (members: MemberProbabilities) => Float64Array;
}

/**
 * A strategy that takes the candidates of highest score under the passes of a round: the same networks for all candidates, drawn
 * from the round's stream. Diagnostics of the scores.
 *
 * Memory: `4 passes classes` bytes for each of 1024 candidates, and 8 bytes a candidate; on the backend what
 * `Classifier.sampleScores` holds for 128 images.
 *
 * An error at selection if the task model was trained without dropout.
 */
export function createMonteCarlo({ measure, passes, score }: MonteCarloOptions): Strategy {
  return createScored({ measure, take: 'highest', score: (round) => scorePasses(round, passes, score) });
}

async function scorePasses(
  { classifier, pool: { candidates, bytes }, stream }: Round,
  passes: number,
  score: MonteCarloOptions['score'],
): Promise<Float64Array> {
  const { classes } = classifier;
  const scores = new Float64Array(candidates.length);
  const drawn = stream.of('passes');
  for (let start = 0; start < candidates.length; start += BLOCK) {
    const block = bytes(candidates.slice(start, start + BLOCK));
    const sampled = await sampleScoresOfImages(classifier, block, drawn, passes);
    scores.set(score({ probs: probabilities(sampled, classes), members: passes, classes }), start);
  }
  return scores;
}
