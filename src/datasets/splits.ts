/**
 * The labels an experiment starts from.
 */
import type { Stream } from '../random.ts';
import { checkInteger, type PoolIndex, poolIndex } from '../shapes.ts';

export interface InitialRowsOptions {
  /** As many rows of each class as can be, instead of rows at random. */
  readonly balanced?: boolean;
  /** Only rows of these classes; of all if left out. */
  readonly classes?: readonly number[] | undefined;
}

/**
 * `size` different rows of the training split, in random order.
 *
 * At random: every set of `size` rows is equally likely and nothing is drawn again, so a class may be without
 * a label. Balanced: classes differ by one row at most, unless a class has too few; which classes get the odd
 * rows is random. Classes are those that occur in `labels`.
 *
 * RangeError if `size` is below 2 or above the number of rows there are of the classes asked for, or if all rows drawn are of one class: a
 * classifier needs two, and drawing until there are two would favour some sets over others.
 *
 * @param labels `[n]`, of the training split
 */
export function initialRows(
  labels: Uint8Array,
  size: number,
  { balanced = false, classes }: InitialRowsOptions,
  stream: Stream,
): PoolIndex[] {
  checkInteger('initialRows.size', size, 2);
  const all = Array.from(labels, (_, row) => row);
  const eligible = classes === undefined ? all : all.filter((row) => classes.includes(labels[row] as number));
  if (size > eligible.length) {
    throw new RangeError(
      `initialRows.size: expected at most the ${eligible.length} rows there are${classes ? ` of classes ${classes.join(', ')}` : ''}, got ${size}`,
    );
  }
  const rows = balanced ? balancedRows(labels, eligible, size, stream) : stream.choose(eligible, size);
  const [first] = rows;
  if (rows.every((row) => labels[row] === labels[first as number])) {
    throw new RangeError(
      `initialRows.size: expected labels of two or more classes, got ${size} of class ${labels[first as number]} alone; ` +
        'take more labels, another seed or a balanced set',
    );
  }
  return rows.map((row) => poolIndex(row, labels.length));
}

/** Deals one row a class in turn, from shuffled classes and shuffled rows, until there are enough. */
function balancedRows(
  labels: Uint8Array,
  eligible: readonly number[],
  size: number,
  stream: Stream,
): number[] {
  const ofClass = new Map<number, number[]>();
  for (const row of eligible) {
    const label = labels[row] as number;
    const rows = ofClass.get(label);
    if (rows === undefined) ofClass.set(label, [row]);
    else rows.push(row);
  }
  // By label, not by first appearance, so that the draw does not hang on the order of the rows.
  const classes = stream.shuffle([...ofClass.keys()].sort((a, b) => a - b));
  const decks = classes.map((label) => stream.shuffle(ofClass.get(label) as number[]));
  const dealt: number[] = [];
  for (let turn = 0; dealt.length < size; turn++) {
    for (const deck of decks) {
      const row = deck[turn];
      if (row !== undefined && dealt.length < size) dealt.push(row);
    }
  }
  return stream.shuffle(dealt);
}
