/**
 * Agreement of two lists of classes beyond chance.
 *
 * Source: Cohen 1960, "A coefficient of agreement for nominal scales", equation 1.
 */

/**
 * `(p_o - p_e) / (1 - p_e)` of the share `p_o` of positions that agree and the share `p_e = sum_k a_k b_k` that would by
 * chance, `a_k` and `b_k` being the shares of class k in each list. In [-1, 1]: 1 if all agree, 0 at chance.
 *
 * Where both lists are of one and the same class, `p_e` is 1 and the quotient 0 / 0; they agree everywhere, so it is 1.
 *
 * @param a `[n]`, n at least 1
 * @param b `[n]`
 * @throws RangeError for lists that are empty or of different lengths
 */
export function cohenKappa(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const n = a.length;
  if (n === 0 || b.length !== n) {
    throw new RangeError(
      `cohenKappa.b: expected as many classes as in a, at least one, got ${b.length} and ${n}`,
    );
  }
  const counts = new Map<number, [ofA: number, ofB: number]>();
  const countOf = (label: number) => {
    const count = counts.get(label) ?? [0, 0];
    counts.set(label, count);
    return count;
  };
  let agreeing = 0;
  for (let i = 0; i < n; i++) {
    const [first, second] = [a[i] as number, b[i] as number];
    countOf(first)[0]++;
    countOf(second)[1]++;
    if (first === second) agreeing++;
  }
  if (agreeing === n) return 1;
  // In counts, so that equal lists of any length give exactly what the formula does.
  let chance = 0;
  for (const [ofA, ofB] of counts.values()) chance += ofA * ofB;
  return (n * agreeing - chance) / (n * n - chance);
}
