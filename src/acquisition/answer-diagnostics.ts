/**
 * What every round tells about its answers, whatever the strategy.
 */
import { labelAgreement } from '../../matching/match-diagnostics.ts';
import type { ExtraImages } from './extra-training.ts';
import type { Answer } from './round-record.ts';
import type { Diagnostics } from './strategy.ts';
import type { PseudoLabels } from './unlabelled/pseudo-labels.ts';

/**
 * `answersPerClass` `[classes]`; `abstentions`, the queries the oracle could not read; `oracleConfidence`, the
 * mean of its certainty over all queries, in [0, 1], or null when nothing was asked.
 */
export function answerDiagnostics(answers: readonly Answer[], classes: number): Diagnostics {
  const answersPerClass = new Array<number>(classes).fill(0);
  for (const { label } of answers) {
    if (label !== null) answersPerClass[label] = (answersPerClass[label] ?? 0) + 1;
  }
  const confidence = answers.reduce((sum, answer) => sum + answer.confidence, 0);
  return {
    answersPerClass,
    abstentions: answers.filter(({ label }) => label === null).length,
    oracleConfidence: answers.length > 0 ? confidence / answers.length : null,
  };
}

/**
 * Of rows that were bought in place of synthesised images: `labelAgreement`, the share of them whose answer is what the
 * reference reads in the synthesised image, in [0, 1], or null if it can read none; `agreementAnswered`, how many it reads.
 */
export function agreementDiagnostics(readings: readonly Answer[], answers: readonly Answer[]): Diagnostics {
  if (readings.length === 0) return {};
  const labels = (of: readonly Answer[]) => of.map(({ label }) => label);
  const { agreement, answered } = labelAgreement(labels(readings), labels(answers));
  return { labelAgreement: agreement, agreementAnswered: answered };
}

/**
 * Of training images that nobody was asked about: `extraAdded`, how many the round added; `extraTrainingImages`, how many the
 * task model was trained on beside the labelled; `extraRight`, the share of added pool rows whose label is the true one, in
 * [0, 1], or null of synthesised images and if there are none. The strategy is not told.
 */
export function extraDiagnostics(
  { labels, rows }: ExtraImages,
  trainedOn: number,
  truth: ArrayLike<number>,
): Diagnostics {
  const right = rows?.filter((row, position) => truth[row] === labels[position]).length ?? 0;
  return {
    extraAdded: labels.length,
    extraTrainingImages: trainedOn,
    extraRight: rows === undefined || rows.length === 0 ? null : right / rows.length,
  };
}

/**
 * Of labels that the task model gave to rows of the pool for its own training: `pseudoLabels`, how many; `pseudoLabelsRight`,
 * the share of them that are the true ones, in [0, 1], or null if there are none. Neither strategy nor model is told.
 */
export function pseudoLabelDiagnostics(
  given: PseudoLabels | undefined,
  truth: ArrayLike<number>,
): Diagnostics {
  if (given === undefined) return {};
  const { rows, labels } = given;
  const right = rows.filter((row, position) => truth[row] === labels[position]).length;
  return { pseudoLabels: rows.length, pseudoLabelsRight: rows.length === 0 ? null : right / rows.length };
}
