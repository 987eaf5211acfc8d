/**
 * How much two partitions of the same rows have in common.
 */

/**
 * Normalised mutual information `2 I(A; B) / (H(A) + H(B))`, in [0, 1]: 1 if each cluster of one is a cluster of the other,
 * 0 if one tells nothing of the other; 1 if neither divides the rows at all.
 *
 * Source: Caron et al. 2018, "Deep clustering for unsupervised learning of visual features", section 4.1, normalised by the
 * arithmetic mean of the entropies as in scikit-learn, where the paper takes the geometric one.
 *
 * @param a cluster of each row, a whole number of at least 0
 * @param b as many
 * @throws RangeError if there are no rows, or the partitions have different numbers of them
 */
export function normalisedMutualInformation(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const n = a.length;
  if (n === 0 || b.length !== n) {
    throw new RangeError(`normalisedMutualInformation.b: expected ${n} rows, at least one, got ${b.length}`);
  }
  const counts = (keyOf: (row: number) => string | number): number[] => {
    const found = new Map<string | number, number>();
    for (let row = 0; row < n; row++) found.set(keyOf(row), (found.get(keyOf(row)) ?? 0) + 1);
    return [...found.values()];
  };
  const entropy = (of: readonly number[]): number =>
    of.reduce((sum, count) => sum - (count / n) * Math.log(count / n), 0);
  const [ofA, ofB] = [entropy(counts((row) => a[row] as number)), entropy(counts((row) => b[row] as number))];
  if (ofA + ofB === 0) return 1;
  const ofBoth = entropy(counts((row) => `${a[row]},${b[row]}`));
  // I(A; B) = H(A) + H(B) - H(A, B); rounding must not leave the range.
  return Math.min(1, Math.max(0, (2 * (ofA + ofB - ofBoth)) / (ofA + ofB)));
}
