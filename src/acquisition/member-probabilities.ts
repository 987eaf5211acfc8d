/**
 * What several models say of the same images: tables `[n, members, classes]` of probabilities, a row's members one after
 * another, and what all measures of their disagreement begin with.
 */

/** Probabilities of several models. */
export interface MemberProbabilities {
  /** `[n, members, classes]`, each member's summing to 1 */
  readonly probs: Float32Array;
  readonly members: number;
  readonly classes: number;
}

/** Means over the members, `[n, classes]`. */
export function meanOfMembers({ probs, members, classes }: MemberProbabilities): Float64Array {
  const means = new Float64Array(probs.length / members);
  for (let at = 0; at < probs.length; at++) {
    const row = Math.floor(at / (members * classes));
    const to = row * classes + (at % classes);
    means[to] = (means[to] as number) + (probs[at] as number) / members;
  }
  return means;
}

/** How many members give each class its largest probability, `[n, classes]`; of equal classes the first is meant. */
export function votesOfMembers({ probs, members, classes }: MemberProbabilities): Uint32Array {
  const votes = new Uint32Array(probs.length / members);
  for (let start = 0; start < probs.length; start += classes) {
    let best = 0;
    for (let k = 1; k < classes; k++) {
      if ((probs[start + k] as number) > (probs[start + best] as number)) best = k;
    }
    const to = Math.floor(start / (members * classes)) * classes + best;
    votes[to] = (votes[to] as number) + 1;
  }
  return votes;
}

/** Entropy of rows of `classes` shares, `[rows]`, in nats: `-sum_k p_k ln p_k`, where `0 ln 0 = 0`. */
export function entropyOfRows(shares: ArrayLike<number>, classes: number): Float64Array {
  return Float64Array.from({ length: shares.length / classes }, (_, row) => {
    let entropy = 0;
    for (let k = 0; k < classes; k++) {
      const p = shares[row * classes + k] as number;
      if (p > 0) entropy -= p * Math.log(p);
    }
    return entropy;
  });
}
