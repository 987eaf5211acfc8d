import { describe, expect, test } from 'vitest';
import { causesOf, type RoundFigures, whyRandom } from '../../src/reports/why-random.ts';

/** A round that nothing ails. */
const sound: RoundFigures = {
  latentSize: 32,
  activeUnits: 20,
  divergence: 24,
  saturatedShare: 0.1,
  tiedShare: 0,
};
const named = (...rounds: Partial<RoundFigures>[]) =>
  whyRandom(rounds.map((round) => ({ ...sound, ...round }))).named;

describe('why a choice looks like chance', () => {
  test('none, if nothing ails it', () => {
    expect(named({})).toEqual([]);
    expect(whyRandom([sound, sound])).toMatchObject({ rounds: 2, unknown: [] });
  });

  test('posterior collapse, if hardly a unit is active or the code says less than a bit', () => {
    expect(named({ activeUnits: 1 })).toEqual(['posterior collapse']);
    expect(named({ activeUnits: 2 })).toEqual([]);
    expect(named({ latentSize: 16, activeUnits: 0 })).toEqual(['posterior collapse']);
    expect(named({ latentSize: 16, activeUnits: 1 })).toEqual([]);
    expect(named({ divergence: 0.69 })).toEqual(['posterior collapse']);
    expect(named({ divergence: 0.7 })).toEqual([]);
  });

  test('a saturated discriminator, if nearly all candidates are beyond doubt', () => {
    expect(named({ saturatedShare: 0.95 })).toEqual(['saturated discriminator']);
    expect(named({ saturatedShare: 0.94 })).toEqual([]);
  });

  test('ties, if a draw decided on half of the batch', () => {
    expect(named({ tiedShare: 0.5 })).toEqual(['ties']);
    expect(named({ tiedShare: 0.49 })).toEqual([]);
  });

  test('all that hold, a cause before what follows from it', () => {
    expect(named({ tiedShare: 1, activeUnits: 0, saturatedShare: 1 })).toEqual([
      'posterior collapse',
      'saturated discriminator',
      'ties',
    ]);
  });

  test('only what holds in most rounds', () => {
    expect(named({ tiedShare: 1 }, {})).toEqual([]);
    expect(named({ tiedShare: 1 }, { tiedShare: 1 }, {})).toEqual(['ties']);
    const { counts } = whyRandom([sound, { ...sound, tiedShare: 1 }, { ...sound, tiedShare: null }]);
    expect(counts[2]).toEqual({ cause: 'ties', held: 1, known: 2 });
  });

  test('unknown where a record tells nothing, and nothing follows from no rounds', () => {
    const old = { ...sound, saturatedShare: null, tiedShare: null };
    expect(whyRandom([old])).toMatchObject({ named: [], unknown: ['saturated discriminator', 'ties'] });
    expect(whyRandom([{ ...old, activeUnits: 0 }]).named).toEqual(['posterior collapse']);
    expect(causesOf({ ...sound, divergence: null })['posterior collapse']).toBeNull();
    expect(causesOf({ ...sound, divergence: null, activeUnits: 0 })['posterior collapse']).toBe(true);
    expect(whyRandom([])).toMatchObject({ named: [], rounds: 0 });
  });
});
