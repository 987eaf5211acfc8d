import { describe, expect, test } from 'vitest';
import type { Diagnostics } from '../../src/acquisition/strategy.ts';
import { type MatchFigures, matchFigures, matchSentences } from '../../src/reports/match-figures.ts';
import type { CellRecord } from '../../src/reports/run-record.ts';

const cell = (seed: number, diagnostics: readonly Diagnostics[]): CellRecord => ({
  strategy: 'asal',
  seed,
  status: 'finished',
  error: null,
  folder: '',
  timings: [],
  rounds: [{}, ...diagnostics].map((ofRound, round) => ({
    round,
    labels: 10,
    labelsCharged: 10,
    testAccuracy: 0.9,
    answers: [],
    diagnostics: ofRound,
  })),
});
const plain = (text: string) => text.replaceAll('\u202f', ' ');

describe('the figures of a strategy that matches', () => {
  test('count rounds alike, and in the agreement queries alike', () => {
    const figures = matchFigures('asal', [
      cell(1, [
        {
          matchDistance: 1,
          labelAgreement: 1,
          agreementAnswered: 2,
          collisionRate: 0.5,
          matchDistanceRatio: 1,
        },
        {
          matchDistance: 1,
          labelAgreement: 0.5,
          agreementAnswered: 8,
          collisionRate: 0,
          matchDistanceRatio: null,
        },
      ]),
      cell(2, [
        {
          matchDistance: 1,
          labelAgreement: null,
          agreementAnswered: 0,
          collisionRate: 0.1,
          matchDistanceRatio: 3,
        },
      ]),
    ]);
    expect(figures).toMatchObject({
      strategy: 'asal',
      seeds: 2,
      rounds: 3,
      answered: 10,
      matchDistanceRatio: 2,
    });
    expect(figures.labelAgreement).toBeCloseTo(0.6, 12);
    expect(figures.collisionRate).toBeCloseTo(0.2, 12);
    expect(figures.uncertaintyKept).toBeNull();
  });

  test.each([
    ['entropy', 0.1, 0.5, 0.2, 0.25],
    ['margin', 2, 0.5, 1, 2 / 3],
    ['margin', 2, 0.5, 2.75, -0.5],
  ])('%s from %f to %f, of the match %f: kept %f', (uncertaintyMeasure, start, end, matched, kept) => {
    const diagnostics = {
      matchDistance: 1,
      uncertaintyMeasure,
      uncertaintyStart: start,
      uncertaintyEnd: end,
      uncertaintyMatched: matched,
    };
    expect(matchFigures('asal', [cell(1, [diagnostics])]).uncertaintyKept).toBeCloseTo(kept, 12);
  });

  test('a search that gained nothing has nothing to keep', () => {
    const diagnostics = {
      matchDistance: 1,
      uncertaintyStart: 0.5,
      uncertaintyEnd: 0.4,
      uncertaintyMatched: 0.1,
    };
    expect(matchFigures('asal', [cell(1, [diagnostics])]).uncertaintyKept).toBeNull();
  });
});

describe('what the figures say', () => {
  const one = (
    strategy: string,
    labelAgreement: number | null,
    uncertaintyKept: number | null,
  ): MatchFigures => ({
    strategy,
    labelAgreement,
    uncertaintyKept,
    seeds: 1,
    rounds: 3,
    answered: labelAgreement === null ? 0 : 40,
    collisionRate: 0,
    matchDistanceRatio: 1,
  });

  test('names the strategy whose matches agree most, and where the uncertainty went', () => {
    const said = matchSentences([one('far', 0.5, 0.1), one('near', 0.9, 0.8), one('lost', 0.4, -0.2)]).map(
      plain,
    );
    expect(said).toEqual([
      'The matches of near agree most often with what was synthesised: 90.0 % of 40 queries the reference can read; far 50.0 % of 40 queries, lost 40.0 % of 40 queries.',
      'Matching lost more than half of the uncertainty that was searched for with far (kept 10 %).',
      'With lost nothing was left of it: the images bought are less uncertain than images never searched for.',
      'At least half of the uncertainty that was searched for survived matching with near (kept 80 %).',
    ]);
  });

  test('calls a tie a tie, and a lone strategy by no name', () => {
    expect(plain(matchSentences([one('a', 0.5, null), one('b', 0.5001, null)])[0]!)).toContain(
      'The matches of b and a agree most often, and equally often',
    );
    expect(matchSentences([one('a', 0.5, null)]).map(plain)).toEqual([
      'The image bought has the label that the reference reads in the synthesised one for 50.0 % of 40 queries it can read.',
    ]);
  });

  test('says so if nothing could be read', () => {
    expect(matchSentences([one('a', null, null)])[0]).toContain('no synthesised image was read');
  });
});
