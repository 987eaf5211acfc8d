/**
 * All randomness: one root seed, split into named streams.
 *
 * A stream's numbers depend on the root seed and its name alone, so a draw added in one place never shifts
 * the others, and any single round can be run again without those before it. The root is at least 1 because
 * TensorFlow.js takes seed 0 for "no seed".
 *
 * Generator: xoroshiro128+ (Blackman and Vigna 2018) of pure-rand, its state the first 128 bits of
 * SHA-256 of the root and the names.
 */
import { createHash } from 'node:crypto';
import { type xoroshiro128plus, xoroshiro128plusFromState } from 'pure-rand/generator/xoroshiro128plus';

/** A position in a stream, for checkpoints. Plain JSON. */
export type StreamState = { readonly generator: readonly number[]; readonly spareNormal: number | null };

/** A number must be finite: JSON, which names are hashed as, writes NaN and infinities alike. */
export type StreamName = string | number;

/** The float32 before 1. */
const LARGEST_BELOW_ONE = 1 - 2 ** -24;

/** A sequence of random numbers. Drawing changes it; no two streams share state. */
export class Stream {
  readonly #names: readonly StreamName[];
  #generator: ReturnType<typeof xoroshiro128plus>;
  #spareNormal: number | null = null;

  constructor(names: readonly StreamName[]) {
    for (const name of names) {
      if (typeof name === 'number' && !Number.isFinite(name)) {
        throw new RangeError(`Stream.names: expected strings and finite numbers, got ${name}`);
      }
    }
    this.#names = [...names];
    const digest = createHash('sha256').update(JSON.stringify(names)).digest();
    const state = [0, 4, 8, 12].map((offset) => digest.readInt32LE(offset));
    this.#generator = xoroshiro128plusFromState(state);
  }

  /** An independent stream named below this one; it does not depend on what has been drawn here. */
  of(...names: StreamName[]): Stream {
    return new Stream([...this.#names, ...names]);
  }

  /** 32 random bits, as an integer in `[0, 2^32)`. */
  bits(): number {
    return this.#generator.next() >>> 0;
  }

  /** Uniform in `[0, 1)`, 53 bits. */
  uniform(): number {
    const high = this.bits() >>> 5;
    const low = this.bits() >>> 6;
    return (high * 67_108_864 + low) / 9_007_199_254_740_992;
  }

  /** Uniform integer in `[0, limit)`, without modulo bias. */
  integer(limit: number): number {
    if (!Number.isInteger(limit) || limit < 1 || limit > 4_294_967_296) {
      throw new RangeError(`Stream.integer.limit: expected an integer in [1, 2^32], got ${limit}`);
    }
    const unbiased = 4_294_967_296 - (4_294_967_296 % limit);
    let draw = this.bits();
    while (draw >= unbiased) draw = this.bits();
    return draw % limit;
  }

  /** A seed for a library that wants a number: an integer in `[1, 2^31)`, never the 0 that means "unseeded". */
  seed(): number {
    return 1 + this.integer(2_147_483_647);
  }

  /** Standard normal, by the polar method (Marsaglia and Bray 1964). */
  normal(): number {
    if (this.#spareNormal !== null) {
      const spare = this.#spareNormal;
      this.#spareNormal = null;
      return spare;
    }
    let u = 0;
    let v = 0;
    let squared = 0;
    do {
      u = 2 * this.uniform() - 1;
      v = 2 * this.uniform() - 1;
      squared = u * u + v * v;
    } while (squared >= 1 || squared === 0);
    const scale = Math.sqrt((-2 * Math.log(squared)) / squared);
    this.#spareNormal = v * scale;
    return u * scale;
  }

  /** `count` standard normals, float32. */
  normals(count: number): Float32Array {
    return Float32Array.from({ length: count }, () => this.normal());
  }

  /** `count` uniforms in `[0, 1)`, float32. */
  uniforms(count: number): Float32Array {
    const values = new Float32Array(count);
    // A double just below 1 would round to 1 as a float32.
    for (let i = 0; i < count; i++) values[i] = Math.min(this.uniform(), LARGEST_BELOW_ONE);
    return values;
  }

  /** A uniformly shuffled copy (Fisher and Yates). */
  shuffle<T>(items: readonly T[]): T[] {
    const shuffled = [...items];
    for (let last = shuffled.length - 1; last > 0; last--) {
      const other = this.integer(last + 1);
      const kept = shuffled[last] as T;
      shuffled[last] = shuffled[other] as T;
      shuffled[other] = kept;
    }
    return shuffled;
  }

  /** A uniformly random order of `0 .. count - 1`. */
  permutation(count: number): number[] {
    return this.shuffle(Array.from({ length: count }, (_, row) => row));
  }

  /** `count` different items, uniformly, without replacement. RangeError if there are fewer. */
  choose<T>(items: readonly T[], count: number): T[] {
    if (!Number.isInteger(count) || count < 0 || count > items.length) {
      throw new RangeError(`Stream.choose.count: expected an integer in [0, ${items.length}], got ${count}`);
    }
    return this.shuffle(items).slice(0, count);
  }

  get state(): StreamState {
    return { generator: [...this.#generator.getState()], spareNormal: this.#spareNormal };
  }

  set state(state: StreamState) {
    this.#generator = xoroshiro128plusFromState([...state.generator]);
    this.#spareNormal = state.spareNormal;
  }
}

/** The root of all streams. RangeError unless `seed` is an integer in `[1, 2^31)`. */
export function rootStream(seed: number): Stream {
  if (!Number.isInteger(seed) || seed < 1 || seed >= 2_147_483_648) {
    throw new RangeError(`rootStream.seed: expected an integer in [1, 2^31), got ${seed}`);
  }
  return new Stream([seed]);
}
