/**
 * Active class selection: how many images of each class to ask for, by how well the classes are told apart so far.
 *
 *     inverse                share_k ~ 1 / a_k                                a_k  accuracy on labelled images of class k
 *     accuracy-improvement   share_k ~ max(0, a_k - a_k before the last batch)
 *     redistricting          share_k ~ labelled images of class k whose class the last batch changed, over their number
 *
 * Accuracies and classes are those of a cross-validation on the labelled images alone, with the last batch and without it.
 *
 * Source: Lomasky, Brodley, Aernecke, Walt and Friedl 2007, "Active class selection".
 * Differs: there the learner orders images of a class, and gets them. A pool has no classes before it is labelled, so images
 * are drawn among those that the task model takes for the class, and may turn out to be of another. The classes of the test
 * images are not known either, and no rule knows their proportions.
 */
import { predictedClasses, probabilities } from '../../classifiers/predict.ts';
import type { Split } from '../../datasets/dataset.ts';
import type { Stream } from '../../random.ts';
import { candidateRow, toPoolIndex } from '../../shapes.ts';
import { crossValidated } from '../cross-validation.ts';
import { highest } from '../ranking.ts';
import { scorePool } from '../score-pool.ts';
import type { Round, Strategy } from '../strategy.ts';
import type { ActiveClassSelectionConfig } from './active-class-selection-config.ts';

/** Classes that cross-validation gave labelled images: all of them now, and those that were there before the last batch. */
export interface ValidatedLabels {
  /** `[n]` */
  readonly labels: ArrayLike<number>;
  /** `[n]` */
  readonly now: ArrayLike<number>;
  /** `[m]`, of the first `m` images; empty if nothing was trained before. */
  readonly before: ArrayLike<number>;
}

/**
 * What each class gets of a batch, `[classes]`, at least 0; all 0 where the rule has nothing to go by. An accuracy is
 * `(right + 1) / (images + 2)`, so that no class has 0.
 */
export function classShares(
  rule: ActiveClassSelectionConfig['rule'],
  { labels, now, before }: ValidatedLabels,
  classes: number,
): Float64Array {
  const ofClass = (label: number, count: number) =>
    Array.from({ length: count }, (_, row) => row).filter((row) => labels[row] === label);
  const accuracy = (predicted: ArrayLike<number>, label: number) => {
    const rows = ofClass(label, predicted.length);
    return (rows.filter((row) => predicted[row] === label).length + 1) / (rows.length + 2);
  };
  return Float64Array.from({ length: classes }, (_, label) => {
    if (rule === 'inverse') return 1 / accuracy(now, label);
    if (before.length === 0) return 0;
    if (rule === 'accuracy-improvement') return Math.max(0, accuracy(now, label) - accuracy(before, label));
    const rows = ofClass(label, before.length);
    return rows.filter((row) => now[row] !== before[row]).length / Math.max(1, rows.length);
  });
}

/**
 * `count` in whole numbers by the shares, the largest remainders rounded up; evenly if all shares are 0. Equal remainders are put in
 * an order drawn from `stream`.
 */
export function allotted(shares: Float64Array, count: number, stream: Stream): number[] {
  const sum = shares.reduce((total, share) => total + share, 0);
  const exact = [...shares].map((share) => (sum > 0 ? (count * share) / sum : count / shares.length));
  const whole = exact.map(Math.floor);
  const rest = count - whole.reduce((total, part) => total + part, 0);
  const remainders = exact.map((part, label) => part - (whole[label] as number));
  for (const label of highest(remainders, rest, stream)) whole[label] = (whole[label] as number) + 1;
  return whole;
}

/**
 * A strategy that draws as many candidates of each predicted class as {@link allotted} says; where the class has too few, those of
 * its highest probability. Diagnostics: `classesWanted` and `classAccuracies`, `[classes]`; `classShortage`, how many candidates
 * were not taken for the class they were bought as.
 */
export function createActiveClassSelection({ rule, folds }: ActiveClassSelectionConfig): Strategy {
  return {
    select: async (round) => {
      const { pool, batch, classifier, labelled, stream } = round;
      const { classes } = classifier;
      const validated = await validate(round, folds, stream.of('validation'));
      const wanted = allotted(classShares(rule, validated, classes), batch, stream.of('shares'));
      const scores = await scorePool(classifier, pool);
      const taken = drawClasses(scores, classes, wanted, stream.of('images'));
      return {
        kind: 'pool',
        rows: taken.rows.map((row) => toPoolIndex(pool.candidates, candidateRow(row))),
        diagnostics: {
          classesWanted: wanted,
          classAccuracies: accuraciesOf(validated, labelled, classes),
          classShortage: taken.shortage,
        },
        memory: { labelled: labelled.n },
      };
    },
  };
}

/**
 * Cross-validation with the last batch and without it: the labelled images stand in the order they were bought, and how many
 * there were before is what the strategy kept, since a batch of which some is not answered is shorter.
 */
async function validate(
  { classifier, labelled, memory }: Round,
  folds: number,
  stream: Stream,
): Promise<ValidatedLabels> {
  const foldOf = stratified(labelled, folds, stream);
  const now = await crossValidated(classifier, labelled, foldOf, stream);
  const n = memory?.labelled;
  if (n === undefined) return { labels: labelled.labels, now, before: [] };
  const size = labelled.images.length / labelled.n;
  const first = { images: labelled.images.subarray(0, n * size), labels: labelled.labels.subarray(0, n), n };
  const before = await crossValidated(classifier, first, foldOf.slice(0, n), stream);
  return { labels: labelled.labels, now, before };
}

/** Folds that the images of a class go to in turn, in the order they were bought, from a fold that is drawn. */
function stratified({ labels }: Split, folds: number, stream: Stream): number[] {
  const next = new Map<number, number>();
  return Array.from(labels, (label) => {
    const fold = next.get(label) ?? stream.of('first fold', label).integer(folds);
    next.set(label, (fold + 1) % folds);
    return fold;
  });
}

/** Candidates of the predicted classes that are wanted; classes with too few are filled up last, by probability. */
function drawClasses(
  scores: Float32Array,
  classes: number,
  wanted: readonly number[],
  stream: Stream,
): { rows: number[]; shortage: number } {
  const predicted = predictedClasses(scores, classes);
  const own = wanted.map((count, label) => {
    const rows = [...predicted.keys()].filter((row) => predicted[row] === label);
    return stream.of('class', label).choose(rows, Math.min(count, rows.length));
  });
  const rows = own.flat();
  const taken = new Set(rows);
  const probs = probabilities(scores, classes);
  wanted.forEach((count, label) => {
    const missing = count - (own[label]?.length ?? 0);
    const left = [...predicted.keys()].filter((row) => !taken.has(row));
    const likeliest = highest(
      left.map((row) => probs[row * classes + label] as number),
      missing,
      stream.of('rest', label),
    );
    for (const at of likeliest) {
      rows.push(left[at] as number);
      taken.add(left[at] as number);
    }
  });
  return { rows, shortage: rows.length - own.flat().length };
}

/** Share of each class's labelled images that were given it; null of a class without any. */
function accuraciesOf({ labels, now }: ValidatedLabels, { n }: Split, classes: number): (number | null)[] {
  return Array.from({ length: classes }, (_, label) => {
    const rows = Array.from({ length: n }, (_row, row) => row).filter((row) => labels[row] === label);
    return rows.length === 0 ? null : rows.filter((row) => now[row] === label).length / rows.length;
  });
}
