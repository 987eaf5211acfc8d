import { describe, expect, test } from 'vitest';
import { GradientEmbeddings } from '../../src/acquisition/gradient-embeddings.ts';
import { ArrayStrategyConfig, selectFromArrays } from '../../src/acquisition/select-from-arrays.ts';
import { expectedErrors } from '../../src/acquisition/strategies/expected-error-reduction.ts';
import { expectedGradientLengths } from '../../src/acquisition/strategies/expected-gradient-length.ts';
import { rootStream } from '../../src/random.ts';
import { expectEqual, fixture, largestDifference, sorted } from './fixture.ts';

interface Scored {
  readonly scores: readonly number[];
  readonly rows: readonly number[];
}
interface Expected {
  readonly errors: readonly number[];
  readonly rows: readonly number[];
}
const reference = fixture<{
  readonly size: number;
  readonly classes: number;
  readonly features: readonly number[];
  readonly probs: readonly number[];
  readonly layer: Scored;
  readonly whole: Scored;
  readonly badge: readonly number[];
  readonly badgeOfTwo: { readonly probs: readonly number[]; readonly lengths: readonly number[] };
  readonly expectedErrors: {
    readonly size: number;
    readonly classes: number;
    readonly penalty: number;
    readonly labelled: readonly number[];
    readonly labels: readonly number[];
    readonly pool: readonly number[];
    readonly candidates: number;
    readonly log: Expected;
    readonly 'zero-one': Expected;
  };
}>('last-layer');
const { size, classes } = reference;
const n = reference.features.length / size;
const features = Float32Array.from(reference.features);
const probs = Float32Array.from(reference.probs);

const rowsOf = (values: ArrayLike<number>, width: number) =>
  Array.from({ length: n }, (_, row) =>
    Array.from({ length: width }, (_axis, axis) => values[row * width + axis]!),
  );
/** The inputs of the layer and the constant that its bias is the weight of. */
const inputs = rowsOf(features, size).map((row) => [...row, 1]);
const probabilities = rowsOf(probs, classes);
/** `p - e_k` */
const residual = (p: readonly number[], k: number) => p.map((value, other) => value - (other === k ? 1 : 0));
const length = (values: readonly number[]) => Math.hypot(...values);
const absolute = (values: readonly number[]) => values.reduce((sum, value) => sum + Math.abs(value), 0);

describe('expected gradient lengths', () => {
  const ours = expectedGradientLengths(probs, classes, features, size);

  test("are those of small-text's one layer, by PyTorch's autograd, and so are the rows", async () => {
    expectEqual(ours, reference.layer.scores);
    const { rows } = await selectFromArrays(
      ArrayStrategyConfig.parse({ kind: 'expected-gradient-length' }),
      {
        n,
        labelled: [],
        features: { values: features, size },
        probabilities: { probs, members: 1, classes },
      },
      reference.layer.rows.length,
      rootStream(1),
    );
    expect(sorted(rows)).toEqual(reference.layer.rows);
  });

  test("are Euclidean, small-text's of a whole network are sums of absolute values, which pick other rows", () => {
    const by = (measure: (values: readonly number[]) => number) =>
      inputs.map((input, row) => {
        const p = probabilities[row]!;
        return measure(input) * p.reduce((sum, own, k) => sum + own * measure(residual(p, k)), 0);
      });
    expectEqual(ours, by(length));
    // In float32, of sums about four times as large.
    expectEqual(reference.whole.scores, by(absolute), 4e-6);
    expect(reference.whole.rows).not.toEqual(reference.layer.rows);
  });
});

describe("BADGE's gradients", () => {
  const ours = new GradientEmbeddings(probs, classes, features, size).squaredNorms.map(Math.sqrt);
  const own = rowsOf(features, size);

  test('have the length of h (p - e_y); small-text forgets the label, so that a sure row has the longest', () => {
    const predicted = probabilities.map((p) => p.indexOf(Math.max(...p)));
    const written = own.map((h, row) => length(h) * length(residual(probabilities[row]!, predicted[row]!)));
    expectEqual(ours, written);
    expectEqual(
      reference.badge,
      own.map((h, row) => length(h) * length(probabilities[row]!)),
    );
    const perLength = (values: ArrayLike<number>) => own.map((h, row) => values[row]! / length(h));
    const surest = probabilities.reduce(
      (best, p, row) => (Math.max(...p) > Math.max(...probabilities[best]!) ? row : best),
      0,
    );
    expect(perLength(reference.badge)[surest]).toBe(Math.max(...perLength(reference.badge)));
    expect(perLength(ours)[surest]).toBe(Math.min(...perLength(ours)));
    expect(largestDifference(ours, reference.badge)).toBeGreaterThan(0.1);
  });
});

test("BADGE's gradients of two classes are long where the model is unsure, small-text's are plain features", () => {
  const { probs: two, lengths } = reference.badgeOfTwo;
  const own = rowsOf(features, size).map(length);
  const ours = new GradientEmbeddings(Float32Array.from(two), 2, features, size).squaredNorms.map(Math.sqrt);
  // Both entries of p - e_y are 1 - max p, but for the sign.
  const doubt = rowsOf(two, 2).map((p) => 1 - Math.max(...p));
  expectEqual(
    ours,
    own.map((h, row) => h * Math.SQRT2 * doubt[row]!),
  );
  expectEqual(lengths, own);
});

describe('expected errors', () => {
  const { labelled, labels, pool, candidates, penalty, ...given } = reference.expectedErrors;
  const rows = { ...given, values: Float64Array.from(labelled), labels: Uint8Array.from(labels) };
  const all = Array.from({ length: pool.length / given.size }, (_, row) => row);

  test.each(['log', 'zero-one'] as const)("are scikit-activeml's on images of their own: %s", (loss) => {
    const [scored, judged] = [all.slice(0, candidates), all.slice(candidates)];
    const ours = expectedErrors(rows, Float64Array.from(pool), scored, judged, { loss, penalty });
    expectEqual(ours, given[loss].errors);
    expect(scored.sort((a, b) => ours[a]! - ours[b]!)).toEqual(given[loss].rows);
  });
});
