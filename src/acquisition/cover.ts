/**
 * Covering rows by few centres, with some rows left out: is there a choice of `count` centres that leaves at most `outliers` rows
 * uncovered?
 *
 * First the greedy choice, always the centre that covers most; it covers at least `1 - 1/e` of what any choice covers (Nemhauser,
 * Wolsey and Fisher 1978). If that does not do, a search through all choices with a bound, which is given up after a while: until
 * then the answer is exact, and after that "no" may be wrong.
 */

/** Pairs of a row and a centre looked at before a search is given up: about a second. */
const EFFORT = 5e7;

/** Which centre covers which row. */
export class Coverage {
  readonly rows: number;
  readonly centres: number;
  readonly #words: number;
  /** Bits `[centres, words]`, 32 rows a word: an eighth of a byte a row and centre. */
  readonly #bits: Uint32Array;

  constructor(rows: number, centres: number) {
    this.rows = rows;
    this.centres = centres;
    this.#words = Math.ceil(rows / 32);
    this.#bits = new Uint32Array(this.#words * centres);
  }

  /** Notes that a centre covers a row. */
  add(centre: number, row: number): void {
    const at = centre * this.#words + (row >>> 5);
    this.#bits[at] = (this.#bits[at] as number) | (1 << (row & 31));
  }

  /**
   * Centres, no more than `count`, that leave at most `outliers` rows uncovered; undefined if none are found. Of centres that
   * cover equally many rows the first is taken.
   */
  choose(count: number, outliers: number, effort = EFFORT): number[] | undefined {
    const open = new Uint32Array(this.#words).fill(0xffffffff);
    const last = this.rows & 31;
    if (last > 0) open[this.#words - 1] = 2 ** last - 1;
    const search = { effort, outliers };
    return this.#greedy(open, count, outliers) ?? this.#search(open, count, outliers, search);
  }

  #greedy(start: Uint32Array, count: number, outliers: number): number[] | undefined {
    const open = Uint32Array.from(start);
    const chosen: number[] = [];
    while (countBits(open) > outliers) {
      if (chosen.length === count) return undefined;
      let best = -1;
      let most = 0;
      for (let centre = 0; centre < this.centres; centre++) {
        const gain = this.#gain(open, centre);
        if (gain > most) [best, most] = [centre, gain];
      }
      if (best < 0) return undefined;
      chosen.push(best);
      this.#close(open, best);
    }
    return chosen;
  }

  /** The row that fewest centres cover is covered by one of them, or left out. */
  #search(
    open: Uint32Array,
    count: number,
    outliers: number,
    budget: { effort: number },
  ): number[] | undefined {
    const left = countBits(open);
    if (left <= outliers) return [];
    budget.effort -= this.centres * this.rows;
    if (count === 0 || budget.effort < 0) return undefined;
    const gains = Int32Array.from({ length: this.centres }, (_, centre) => this.#gain(open, centre));
    const most = gains
      .slice()
      .sort()
      .subarray(Math.max(0, this.centres - count));
    if (most.reduce((sum, gain) => sum + gain, 0) < left - outliers) return undefined;
    const { row, centres } = this.#rarest(open);
    // Those that cover most first, so that a solution is found soon.
    for (const centre of centres.sort((a, b) => (gains[b] as number) - (gains[a] as number) || a - b)) {
      const rest = Uint32Array.from(open);
      this.#close(rest, centre);
      const others = this.#search(rest, count - 1, outliers, budget);
      if (others !== undefined) return [centre, ...others];
    }
    if (outliers === 0) return undefined;
    const rest = Uint32Array.from(open);
    rest[row >>> 5] = (rest[row >>> 5] as number) & ~(1 << (row & 31));
    return this.#search(rest, count, outliers - 1, budget);
  }

  /** The open row that fewest centres cover, and these; of equal ones the first. */
  #rarest(open: Uint32Array): { row: number; centres: number[] } {
    let row = -1;
    let centres: number[] = [];
    for (let each = 0; each < this.rows; each++) {
      const [word, bit] = [each >>> 5, 1 << (each & 31)];
      if (((open[word] as number) & bit) === 0) continue;
      const own: number[] = [];
      for (let centre = 0; centre < this.centres; centre++) {
        if (((this.#bits[centre * this.#words + word] as number) & bit) !== 0) own.push(centre);
        if (row >= 0 && own.length >= centres.length) break;
      }
      if (row < 0 || own.length < centres.length) [row, centres] = [each, own];
      if (centres.length === 0) break;
    }
    return { row, centres };
  }

  #gain(open: Uint32Array, centre: number): number {
    let gain = 0;
    for (let word = 0, at = centre * this.#words; word < this.#words; word++, at++) {
      gain += bitsOf((open[word] as number) & (this.#bits[at] as number));
    }
    return gain;
  }

  #close(open: Uint32Array, centre: number): void {
    for (let word = 0, at = centre * this.#words; word < this.#words; word++, at++) {
      open[word] = (open[word] as number) & ~(this.#bits[at] as number);
    }
  }
}

function countBits(words: Uint32Array): number {
  return words.reduce((sum, word) => sum + bitsOf(word), 0);
}

/** How many bits of a word are set. */
function bitsOf(word: number): number {
  const pairs = word - ((word >>> 1) & 0x55555555);
  const fours = (pairs & 0x33333333) + ((pairs >>> 2) & 0x33333333);
  return Math.imul((fours + (fours >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}
