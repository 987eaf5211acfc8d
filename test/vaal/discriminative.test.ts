import { beforeAll, describe, expect, test } from 'vitest';
import { selectBackend } from '../../src/backend/backend.ts';
import { rootStream } from '../../src/random.ts';
import { createDiscriminative, leastLabelled, type TwoPools } from '../../vaal/discriminative.ts';
import { DiscriminativeConfig } from '../../vaal/discriminative-config.ts';
import { keepsItsPromises } from '../acquisition/strategies/pool-strategy-promises.ts';

beforeAll(() => selectBackend('cpu'));

const options = (given: object = {}) =>
  DiscriminativeConfig.parse({
    hidden: [16],
    steps: 60,
    batch: 16,
    subBatches: 2,
    learningRate: 1e-2,
    ...given,
  });

/** Rows around centres on the axes, `modes[i]` the centre of row i. */
function table(modes: readonly number[], stream: string): Float32Array {
  const draws = rootStream(7)
    .of(stream)
    .normals(modes.length * 4);
  return draws.map((noise, at) => 0.3 * noise + (modes[Math.floor(at / 4)] === at % 4 ? 4 : 0));
}
const turn = (count: number, modes: readonly number[]) =>
  Array.from({ length: count }, (_, i) => modes[i % modes.length] as number);

describe('discriminative active learning', () => {
  const unlabelledModes = turn(120, [0, 1, 0, 1, 0, 1, 2, 3]);
  const pools: TwoPools = {
    labelled: table(turn(40, [0, 1]), 'labelled'),
    unlabelled: table(unlabelledModes, 'unlabelled'),
    size: 4,
  };

  test('takes what lies where nothing is labelled', async () => {
    const { rows, logits } = await leastLabelled(pools, 20, options(), rootStream(1));
    const missing = rows.filter((row) => (unlabelledModes[row] as number) >= 2);
    expect(missing.length).toBeGreaterThanOrEqual(18);
    expect(Math.max(...logits.slice(0, 10))).toBeLessThan(0);
  });

  test('takes the other pool if the pools are exchanged', async () => {
    const exchanged = {
      labelled: pools.unlabelled,
      unlabelled: table(turn(60, [0, 1, 2]), 'other'),
      size: 4,
    };
    const only01 = { ...exchanged, labelled: table(turn(60, [2, 3]), 'labelled') };
    const { rows } = await leastLabelled(only01, 20, options(), rootStream(1));
    expect(rows.every((row) => row % 3 < 2)).toBe(true);
  });

  test('counts what it took as labelled, so that parts turn to what is missing still', async () => {
    // Two modes are missing. One part takes the one that stands out most alone; once that is labelled, it is the other's turn.
    const lesser = async (subBatches: number) => {
      const only = options({ subBatches, steps: 100 });
      const far = pools.unlabelled.map((value, at) =>
        unlabelledModes[Math.floor(at / 4)] === 3 && at % 4 === 3 ? 3 * value : value,
      );
      const { rows } = await leastLabelled({ ...pools, unlabelled: far }, 12, only, rootStream(2));
      const ofThree = rows.filter((row) => unlabelledModes[row] === 3).length;
      return Math.min(ofThree, 12 - ofThree);
    };
    expect(await lesser(1)).toBeLessThanOrEqual(1);
    expect(await lesser(4)).toBeGreaterThanOrEqual(3);
  });

  test('does not depend on the scale of the features, nor stumble over one that does not vary', async () => {
    const scaled = (values: Float32Array) => values.map((value, at) => (at % 4 === 3 ? 5 : value * 2));
    const flat = (values: Float32Array) => values.map((value, at) => (at % 4 === 3 ? 5 : value));
    const take = (change: (values: Float32Array) => Float32Array) =>
      leastLabelled(
        { labelled: change(pools.labelled), unlabelled: change(pools.unlabelled), size: 4 },
        10,
        options(),
        rootStream(1),
      );
    expect((await take(scaled)).rows).toEqual((await take(flat)).rows);
  });

  keepsItsPromises(() => createDiscriminative(options({ steps: 5 })), { sameForAnyStream: false });
});
