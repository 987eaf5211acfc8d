import { expect, test } from 'vitest';
import type { Answer } from '../../src/acquisition/round-record.ts';
import type { Diagnostics } from '../../src/acquisition/strategy.ts';
import { answerTable, strategyDiagnostics } from '../../src/reports/diagnostics.ts';
import type { CellRecord } from '../../src/reports/run-record.ts';

function cell(
  seed: number,
  rounds: readonly { diagnostics?: Diagnostics; answers?: readonly (number | null)[] }[],
): CellRecord {
  return {
    strategy: 'gaal',
    seed,
    status: 'finished',
    error: null,
    folder: '',
    timings: [],
    rounds: rounds.map(({ diagnostics = {}, answers = [] }, round) => ({
      round,
      labels: 10,
      labelsCharged: 10,
      testAccuracy: 0.9,
      diagnostics,
      answers: answers.map((label): Answer => ({ label, confidence: 1 })),
    })),
  };
}

test('a figure is averaged over the seeds that have it, from round 1 on', () => {
  const { groups } = strategyDiagnostics([
    cell(1, [{ diagnostics: { own: 99 } }, { diagnostics: { own: 1 } }, { diagnostics: { own: 3 } }]),
    cell(2, [{}, { diagnostics: { own: 2 } }, { diagnostics: { own: null } }]),
    cell(3, [{}, { diagnostics: { own: 6 } }]),
  ]);
  expect(groups).toHaveLength(1);
  expect(groups[0]!.series[0]!.mean).toEqual([
    { x: 1, y: 3 },
    { x: 2, y: 3 },
  ]);
  expect(groups[0]!.series[0]!.perSeed[1]).toEqual([
    { x: 1, y: 2 },
    { x: 2, y: null },
  ]);
});

test('figures that belong together share a chart, the one to compare with first', () => {
  const { groups } = strategyDiagnostics([
    cell(1, [
      {},
      { diagnostics: { objectiveEnd: 0.1, somethingNew: 4, objectiveStart: 2 } },
      { diagnostics: { objectiveEnd: 0.2, somethingNew: 5, objectiveStart: 3 } },
    ]),
  ]);
  expect(groups.map(({ title }) => title)).toEqual(['Search objective', 'Something new']);
  expect(groups[0]!.series.map(({ key }) => key)).toEqual(['objectiveStart', 'objectiveEnd']);
});

test('what never changes is told, not drawn; a list is drawn as its mean', () => {
  const { groups, constants } = strategyDiagnostics([
    cell(1, [
      {},
      { diagnostics: { objective: 'boundary', abstentions: 0, list: [1, null, 3], answersPerClass: [1] } },
      { diagnostics: { objective: 'boundary', abstentions: 0, list: [5], answersPerClass: [2] } },
    ]),
  ]);
  expect(constants).toEqual([
    { key: 'objective', value: 'boundary' },
    { key: 'abstentions', value: '0' },
  ]);
  expect(groups.map(({ series }) => series[0]!.mean.map(({ y }) => y))).toEqual([[2, 5]]);
});

test('what never changes is drawn beside a figure of its group that does', () => {
  const { groups, constants } = strategyDiagnostics([
    cell(1, [
      {},
      {
        diagnostics: {
          uncertaintyMeasure: 'margin',
          poolDistance: 0.123456,
          matchDistance: 1,
          labelAgreement: 1 / 3,
        },
      },
      {
        diagnostics: {
          uncertaintyMeasure: 'margin',
          poolDistance: 0.123456,
          matchDistance: 2,
          labelAgreement: 1 / 3,
        },
      },
    ]),
  ]);
  expect(groups.map(({ title, series }) => [title, series.map(({ key }) => key)])).toEqual([
    ['Distance to the match', ['poolDistance', 'matchDistance']],
  ]);
  expect(constants).toEqual([
    { key: 'uncertaintyMeasure', value: 'margin' },
    { key: 'labelAgreement', value: '0.333' },
  ]);
});

test('answers are counted by class and round over all seeds, abstentions apart', () => {
  const cells = [
    cell(1, [{ answers: [0, 1] }, { answers: [1, 1, null] }]),
    cell(2, [{ answers: [0, 0] }, { answers: [3] }]),
  ];
  expect(answerTable(cells, 2)).toEqual({
    labels: [0, 1, 3],
    rounds: [
      { round: 0, counts: [3, 1, 0], abstentions: 0 },
      { round: 1, counts: [0, 2, 1], abstentions: 1 },
    ],
  });
});
