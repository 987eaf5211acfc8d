import { beforeAll, expect, test } from 'vitest';
import { type StoppingRecord, type StoppingRound, StoppingRules } from '../../src/acquisition/stopping.ts';
import { StoppingRule } from '../../src/acquisition/stopping-config.ts';
import { selectBackend } from '../../src/backend/backend.ts';
import { rootStream } from '../../src/random.ts';
import { poolIndex } from '../../src/shapes.ts';
import { SHAPE, SIZE, toyRound } from '../acquisition/strategies/toy-rounds.ts';
import { linearClassifier } from '../queries/toys.ts';
import { fixture } from './fixture.ts';

const reference = fixture<{
  readonly classes: number;
  readonly window: number;
  readonly thresholds: Readonly<Record<'kappa' | 'uncertainty', number>>;
  readonly images: readonly number[];
  readonly rounds: readonly {
    readonly kernel: readonly number[];
    readonly kappa: { readonly value: number | null; readonly stops: boolean };
    readonly uncertainty: { readonly stops: boolean };
  }[];
  readonly atTheThreshold: readonly boolean[];
}>('stopping');
const { classes, window, thresholds, rounds } = reference;
const pool = Uint8Array.from(reference.images);
const every = Array.from({ length: pool.length / SIZE }, (_, row) => row);

beforeAll(() => selectBackend('cpu'));

async function ask(kernels: readonly (readonly number[])[], ...rules: object[]): Promise<StoppingRecord[][]> {
  const asked = new StoppingRules(
    rules.map((rule) => StoppingRule.parse(rule)),
    every.map((row) => poolIndex(row)),
    rootStream(1),
  );
  const said: StoppingRecord[][] = [];
  for (const kernel of kernels) {
    const classifier = linearClassifier(Float32Array.from(kernel), new Array<number>(classes).fill(0), SHAPE);
    const round = toyRound({ pool, rows: every, labelled: [], classifier: classifier as never });
    said.push(
      await asked.ask({ classifier, pool: round.pool, paid: 0, diagnostics: {} } as unknown as StoppingRound),
    );
    classifier.dispose();
  }
  return said;
}

test('kappa and mean uncertainty stop in the rounds in which small-text does', async () => {
  const said = await ask(
    rounds.map(({ kernel }) => kernel),
    { kind: 'kappa', window, threshold: thresholds.kappa },
    // Theirs is a share of the largest entropy there is.
    { kind: 'uncertainty', of: 'mean', threshold: thresholds.uncertainty * Math.log(classes) },
  );
  expect(said.map(([kappa]) => kappa?.met)).toEqual(rounds.map(({ kappa }) => kappa.stops));
  expect(said.map(([, uncertainty]) => uncertainty?.met)).toEqual(
    rounds.map(({ uncertainty }) => uncertainty.stops),
  );
  for (const [at, { kappa }] of rounds.entries()) {
    const value = said[at]?.[0]?.value;
    expect(value).toEqual(kappa.value === null ? null : expect.closeTo(kappa.value, 6));
  }
  // Neither in the first round nor in the last did either rule stop first.
  expect(rounds.findIndex(({ kappa }) => kappa.stops)).toBe(6);
  expect(rounds.findIndex(({ uncertainty }) => uncertainty.stops)).toBe(5);
});

test('a kappa equal to the threshold stops small-text; ours must be above it', async () => {
  const [{ kernel }] = rounds as [(typeof rounds)[0]];
  const said = await ask([kernel, kernel], { kind: 'kappa', window: 1, threshold: 1 });
  expect(said.map(([record]) => record?.value)).toEqual([null, 1]);
  expect(said.map(([record]) => record?.met)).toEqual([false, false]);
  expect(reference.atTheThreshold).toEqual([false, true]);
});
