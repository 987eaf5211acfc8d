/**
 * How many seeds a paired t-test needs to see a difference of a given size.
 *
 * Source: Cohen 1988, section 2.3; the distributions from Abramowitz and Stegun 1964, 26.7, and Marsaglia 2004.
 */

export interface PowerOptions {
  /** Standard deviation (n - 1) of the paired differences, above 0. */
  readonly standardDeviation: number;
  /** The true mean difference to be seen, above 0; one percentage point by default. */
  readonly difference?: number;
  /** Chance of a significant result if the difference is there. */
  readonly power?: number;
  /** Two-sided level of the test. */
  readonly alpha?: number;
}

/** Beyond this nobody runs seeds, and the answer is "more". */
const MOST_SEEDS = 10_000;

/**
 * Fewest seeds with which the two-sided paired t-test at `alpha` finds a true mean `difference` with probability
 * `power`, by the noncentral t distribution: `pairedTPower` without approximation. At least 2; null if more than
 * 10,000 are needed.
 *
 * RangeError if a deviation, difference, power or level is out of range.
 */
export function seedsForPower({
  standardDeviation,
  difference = 0.01,
  power = 0.8,
  alpha = 0.05,
}: PowerOptions): number | null {
  positive('standardDeviation', standardDeviation);
  positive('difference', difference);
  share('power', power);
  share('alpha', alpha);
  const reaches = (n: number) => pairedTPower(n, difference / standardDeviation, alpha) >= power;
  let enough = 2;
  while (!reaches(enough)) {
    if (enough === MOST_SEEDS) return null;
    enough = Math.min(MOST_SEEDS, 2 * enough);
  }
  // Power grows with n: between half of what was enough and that, halve.
  let tooFew = Math.floor(enough / 2);
  while (enough - tooFew > 1) {
    const middle = Math.floor((enough + tooFew) / 2);
    if (reaches(middle)) enough = middle;
    else tooFew = middle;
  }
  return enough;
}

/**
 * `P(|T| > t(1 - alpha/2, n - 1))` for `T` noncentral t with `n - 1` degrees of freedom and noncentrality
 * `sqrt(n) effect`: the chance that a two-sided paired t-test on n seeds is significant.
 *
 * With `T = (Z + delta) / S`, `Z` standard normal and `(n - 1) S^2` chi-squared with `n - 1` degrees of freedom, this
 * is the mean over `S` of `Phi(delta - t S) + Phi(-delta - t S)`, taken by Simpson's rule.
 *
 * @param n seeds, at least 2
 * @param effect mean of the differences in their standard deviations
 */
export function pairedTPower(n: number, effect: number, alpha = 0.05): number {
  if (!Number.isInteger(n) || n < 2) {
    throw new RangeError(`pairedTPower.n: expected a whole number of at least 2, got ${n}`);
  }
  share('alpha', alpha);
  const freedom = n - 1;
  const critical = criticalT(alpha, freedom);
  const delta = Math.sqrt(n) * effect;
  // The density of S, s^(freedom - 1) e^(-freedom s^2 / 2), has a deviation near 1 / sqrt(2 freedom).
  const spread = 10 / Math.sqrt(2 * freedom);
  const from = Math.max(0, 1 - spread);
  const range = 1 + spread - from;
  // The probabilities turn from 1 to 0 within 1 / critical of s, which two or three seeds make narrow.
  const intervals = 2 * Math.ceil(Math.max(500, 6 * critical * range));
  const step = range / intervals;
  let weights = 0;
  let total = 0;
  for (let i = 0; i <= intervals; i++) {
    const s = from + i * step;
    const logDensity = (freedom === 1 ? 0 : (freedom - 1) * Math.log(s)) - (freedom * (s * s - 1)) / 2;
    const simpson = i === 0 || i === intervals ? 1 : i % 2 === 1 ? 4 : 2;
    const weight = simpson * Math.exp(logDensity);
    weights += weight;
    total += weight * (normalCdf(delta - critical * s) + normalCdf(-delta - critical * s));
  }
  return total / weights;
}

/** The `t` with `P(|T| > t) = alpha` for Student's t with `freedom` degrees of freedom, a whole number. */
export function criticalT(alpha: number, freedom: number): number {
  let [low, high] = [0, 1];
  while (1 - studentWithin(high, freedom) > alpha) high *= 2;
  for (let halving = 0; halving < 60; halving++) {
    const middle = (low + high) / 2;
    if (1 - studentWithin(middle, freedom) > alpha) low = middle;
    else high = middle;
  }
  return high;
}

/** `P(|T| <= t)` by the finite sums for whole degrees of freedom: Abramowitz and Stegun 26.7.3 and 26.7.4. */
function studentWithin(t: number, freedom: number): number {
  const angle = Math.atan(t / Math.sqrt(freedom));
  const [sine, cosine] = [Math.sin(angle), Math.cos(angle)];
  const isOdd = freedom % 2 === 1;
  let term = isOdd ? cosine : 1;
  let sum = freedom === 1 ? 0 : term;
  for (let k = isOdd ? 3 : 2; k <= freedom - 2; k += 2) {
    term *= ((k - 1) / k) * cosine * cosine;
    sum += term;
  }
  return isOdd ? (2 / Math.PI) * (angle + sine * sum) : sine * sum;
}

/** The normal distribution to 15 digits after the point: Marsaglia 2004, section 3. */
function normalCdf(x: number): number {
  if (x < -8) return 0;
  if (x > 8) return 1;
  let sum = x;
  let before = Number.NaN;
  let term = x;
  for (let odd = 3; sum !== before; odd += 2) {
    before = sum;
    term *= (x * x) / odd;
    sum += term;
  }
  return 0.5 + (sum * Math.exp((-x * x) / 2)) / Math.sqrt(2 * Math.PI);
}

function positive(name: string, value: number): void {
  if (!(value > 0 && Number.isFinite(value))) {
    throw new RangeError(`seedsForPower.${name}: expected a finite number above 0, got ${value}`);
  }
}

function share(name: string, value: number): void {
  if (!(value > 0 && value < 1)) {
    throw new RangeError(`seedsForPower.${name}: expected a number between 0 and 1, got ${value}`);
  }
}
