import { beforeAll, describe, expect, test } from 'vitest';
import {
  neighbourGraph,
  propagateLabels,
  type SparseMatrix,
} from '../../src/acquisition/label-propagation.ts';
import { normalisedMutualInformation } from '../../src/acquisition/unlabelled/mutual-information.ts';
import { selectBackend } from '../../src/backend/backend.ts';
import { rootStream } from '../../src/random.ts';
import { expectEqual, fixture, largestDifference } from './fixture.ts';

const reference = fixture<{
  readonly size: number;
  readonly classes: number;
  readonly neighbours: number;
  readonly gamma: number;
  readonly alpha: number;
  readonly features: readonly number[];
  readonly labels: readonly number[];
  readonly graph: readonly number[];
  readonly distributions: readonly number[];
  readonly predicted: readonly number[];
  readonly uneven: { readonly labels: readonly number[]; readonly distributions: readonly number[] };
  readonly partitions: readonly {
    readonly a: readonly number[];
    readonly b: readonly number[];
    readonly value: number;
  }[];
}>('graphs-and-partitions');
const { size, classes, alpha, labels } = reference;

beforeAll(() => selectBackend('cpu'));

/** Shares of the classes of each row, and the class of the largest. */
function spread(graph: SparseMatrix, of: readonly number[]) {
  const rows = of.map((_, row) => row);
  const { scores, labels: predicted } = propagateLabels(graph, { rows, labels: of }, classes, { alpha });
  return { distributions: shares(scores), predicted };
}

function shares(scores: Float64Array): Float64Array {
  return scores.map((score, at) => {
    const first = at - (at % classes);
    return score / scores.subarray(first, first + classes).reduce((sum, other) => sum + other, 0);
  });
}

describe('label propagation', () => {
  const graphOf = () => neighbourGraph(Float32Array.from(reference.features), size, rootStream(1), reference);

  test("has the graph of scikit-learn's neighbours, normalised by SciPy", async () => {
    const { n, starts, columns, values } = await graphOf();
    const dense = new Float64Array(n * n);
    for (let row = 0; row < n; row++) {
      for (let at = starts[row]!; at < starts[row + 1]!; at++) dense[row * n + columns[at]!] = values[at]!;
    }
    expectEqual(dense, reference.graph);
  });

  test("spreads labels as scikit-learn's LabelSpreading does, where classes have as many labels", async () => {
    const { distributions, predicted } = spread(await graphOf(), labels);
    expectEqual(distributions, reference.distributions, 1e-6);
    expect([...predicted]).toEqual(reference.predicted);
  });

  test('gives every class the same mass, scikit-learn every label', async () => {
    const { labels: uneven, distributions: theirs } = reference.uneven;
    const counts = Array.from({ length: classes }, (_, k) => uneven.filter((label) => label === k).length);
    expect(counts).toEqual([8, 2, 2]);
    const ours = spread(await graphOf(), uneven).distributions;
    expectEqual(ours, shares(Float64Array.from(theirs, (share, at) => share / counts[at % classes]!)));
    expect(largestDifference(ours, theirs)).toBeGreaterThan(0.1);
  });
});

test("normalised mutual information is scikit-learn's", () => {
  expectEqual(
    reference.partitions.map(({ a, b }) => normalisedMutualInformation(a, b)),
    reference.partitions.map(({ value }) => value),
  );
});
