/**
 * The same seeded steps on every backend that is present, compared with plain JavaScript: losses, gradients,
 * updated weights. The steps are those of the benchmark, small.
 *
 * Tolerances. A loss or score: `losses` of its size. A gradient: `gradients` of the largest one in its tensor. A
 * weight: Adam's first step moves it by the learning rate in the gradient's direction, so where the gradient is
 * clear of rounding, the move agrees to `moves` of the largest; elsewhere even its sign is open, and twice the step
 * is all that can be asked.
 */
import { beforeAll, describe, expect, test } from 'vitest';
import { standardCases } from '../../bench/cases/all.ts';
import type { StepCase } from '../../bench/cases/case.ts';
import { selectBackend } from '../../src/backend/backend.ts';
import type { BackendName } from '../../src/backend/backend-names.ts';
import { rootStream } from '../../src/random.ts';
import { presentBackends } from './present.ts';

const TOLERANCE = { losses: 2e-5, gradients: 1e-4, moves: 2e-3 } as const;

/** Gradients below this share of the tensor's largest are not clear of rounding. */
const CLEAR = 20 * TOLERANCE.gradients;

interface Outcome {
  readonly results: Readonly<Record<string, Float32Array>>;
  readonly before: ReadonlyMap<string, Float32Array>;
  readonly after: ReadonlyMap<string, Float32Array>;
  /** Adam's first moments after one step, in proportion to the gradients; by optimiser and variable. */
  readonly gradients: ReadonlyMap<string, Float32Array>;
}

async function outcomeOf(stepCase: StepCase, backend: BackendName): Promise<Outcome> {
  await selectBackend(backend);
  const running = stepCase.create('tiny', rootStream(3).of('parity', stepCase.name));
  try {
    const read = async () => {
      const values = new Map<string, Float32Array>();
      for (const [name, variable] of Object.entries(running.variables)) {
        values.set(name, Float32Array.from(await variable.data()));
      }
      return values;
    };
    const before = await read();
    const results = await running.step();
    const gradients = new Map<string, Float32Array>();
    for (const [optimiser, adam] of Object.entries(running.optimisers)) {
      for (const [name, values] of Object.entries((await adam.state()).moments)) {
        if (name.endsWith('/m')) gradients.set(`${optimiser}/${name}`, values);
      }
    }
    return { results, before, after: await read(), gradients };
  } finally {
    running.dispose();
  }
}

const largest = (values: Float32Array) => values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);

/** Largest distance of two lists of equal length. */
function distance(actual: Float32Array, expected: Float32Array): number {
  expect(actual.length).toBe(expected.length);
  return expected.reduce((most, value, i) => Math.max(most, Math.abs(actual[i]! - value)), 0);
}

/**
 * What a gradient is measured by: the largest of its tensor, but no less than a thousandth of the largest of all, as
 * a sum of terms that happen to cancel is no smaller in its rounding.
 */
function scaleOf(gradient: Float32Array, { gradients }: Outcome): number {
  const ofAll = Math.max(...[...gradients.values()].map(largest));
  return Math.max(largest(gradient), 1e-3 * ofAll);
}

/** How far a variable's move differs where it is determined, as a share of the largest move. */
function moveError(name: string, actual: Outcome, expected: Outcome): number {
  const [from, to, got] = [expected.before, expected.after, actual.after].map((values) => values.get(name)!);
  const moves = to!.map((value, i) => value - from![i]!);
  const key = [...expected.gradients.keys()].find((moment) => moment.endsWith(`${name}/m`));
  // Running statistics have no gradient and are determined everywhere.
  const gradient = key === undefined ? undefined : expected.gradients.get(key)!;
  const clear = gradient === undefined ? 0 : CLEAR * scaleOf(gradient, expected);
  const step = largest(moves);
  let most = 0;
  moves.forEach((_, i) => {
    const error = Math.abs(got![i]! - to![i]!) / step;
    if (gradient === undefined || Math.abs(gradient[i]!) > clear) most = Math.max(most, error);
    else expect(error, name).toBeLessThan(2 + TOLERANCE.moves);
  });
  return most;
}

describe.each(standardCases)('$name', (stepCase) => {
  let expected: Outcome;
  beforeAll(async () => {
    expected = await outcomeOf(stepCase, 'cpu');
  });

  test.each(presentBackends)(
    '%s: losses, gradients and weights agree with plain JavaScript',
    async (backend) => {
      const actual = await outcomeOf(stepCase, backend);
      for (const [name, values] of Object.entries(expected.results)) {
        const error = distance(actual.results[name]!, values);
        expect(error, name).toBeLessThan(TOLERANCE.losses * Math.max(1, largest(values)));
      }
      expect([...actual.gradients.keys()]).toEqual([...expected.gradients.keys()]);
      for (const [name, values] of expected.gradients) {
        const error = distance(actual.gradients.get(name)!, values);
        expect(error, name).toBeLessThan(TOLERANCE.gradients * scaleOf(values, expected));
      }
      for (const name of expected.after.keys()) {
        expect(moveError(name, actual, expected), name).toBeLessThan(TOLERANCE.moves);
      }
    },
  );
});
