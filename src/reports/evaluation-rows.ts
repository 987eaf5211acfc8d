/**
 * The figures of an evaluation as rows of text, for the page and for the terminal.
 */
import type { FeatureDistances } from '../../generators/evaluation/real-floor.ts';
import type { Evaluation, SampleFigures } from '../experiments/evaluation/evaluate-generator.ts';
import { MISSING, NARROW_SPACE, percent } from './number-format.ts';

export interface FigureTable {
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** Every figure that there is, one a row: what it is, the generator's, real images', the untrained model's. */
export function evaluationRows(evaluation: Evaluation): FigureTable {
  const { samples, bound, reconstruction, testAccuracy } = evaluation;
  const rows = [
    ...(samples ? [...distanceRows(samples), ...classRows(samples)] : []),
    ...(bound ? [[boundTitle, plusMinus(bound.mean, bound.standardError, 2), MISSING, MISSING]] : []),
    ...(reconstruction
      ? [['squared error a pixel of reconstructions', small(reconstruction.mean), MISSING, MISSING]]
      : []),
    ...(testAccuracy === null
      ? []
      : [["test accuracy of the model's classifier", percent(testAccuracy, 2), MISSING, MISSING]]),
  ];
  return { head: ['', 'generator', 'real images', 'untrained'], rows };
}

const boundTitle = 'negative evidence bound, nats an image';

function distanceRows({ distances, floor, untrained }: SampleFigures): string[][] {
  const row = (title: string, figure: (of: FeatureDistances) => string): string[] => [
    title,
    figure(distances),
    figure(floor),
    untrained ? figure(untrained) : MISSING,
  ];
  return [
    row('Fréchet distance', ({ frechet }) => small(frechet)),
    row('kernel distance x 1000', ({ kernel }) =>
      plusMinus(1000 * kernel.distance, 1000 * kernel.standardError, 2),
    ),
    row('precision', ({ precisionRecall }) => percent(precisionRecall.precision)),
    row('recall', ({ precisionRecall }) => percent(precisionRecall.recall)),
    row('density', ({ precisionRecall }) => precisionRecall.density.toFixed(3)),
    row('coverage', ({ precisionRecall }) => percent(precisionRecall.coverage)),
  ];
}

function classRows({
  classes,
  realClasses,
  memorisation,
  classAgreement,
  classifierScore,
}: SampleFigures): string[][] {
  const rows = [
    [
      'mean confidence of the judge',
      percent(classes.meanConfidence),
      percent(realClasses.meanConfidence),
      MISSING,
    ],
    ['share of the rarest class', percent(classes.rarestShare), percent(realClasses.rarestShare), MISSING],
    [
      'nearer to a training image than 99 % of new ones',
      percent(memorisation.nearerShare),
      percent(0.01),
      MISSING,
    ],
  ];
  if (classAgreement !== null) {
    rows.push([
      'images in which the judge sees the class asked for',
      percent(classAgreement),
      MISSING,
      MISSING,
    ]);
  }
  if (classifierScore) {
    rows.push([
      'classifier accuracy score',
      percent(classifierScore.generated, 2),
      percent(classifierScore.real, 2),
      MISSING,
    ]);
  }
  return rows;
}

function plusMinus(mean: number, error: number, digits: number): string {
  return `${mean.toFixed(digits)}${NARROW_SPACE}±${NARROW_SPACE}${error.toFixed(digits)}`;
}

/** Three significant figures or more, without an exponent where a person reads one badly. */
function small(value: number): string {
  return Math.abs(value) >= 100 ? value.toFixed(0) : value.toPrecision(3);
}
