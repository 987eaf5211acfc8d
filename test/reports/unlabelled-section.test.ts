import { describe, expect, test } from 'vitest';
import type { CellRecord, RunRecord } from '../../src/reports/run-record.ts';
import { unlabelledSection, unlabelledWords } from '../../src/reports/unlabelled-section.ts';

const round = (number: number, pseudoLabels: number, pseudoLabelsRight: number | null) => ({
  round: number,
  labels: 10,
  labelsCharged: 10,
  testAccuracy: 0.5,
  answers: [],
  diagnostics: { pseudoLabels, pseudoLabelsRight },
});
const cell = (seed: number, rounds: CellRecord['rounds']): CellRecord => ({
  strategy: 'random',
  seed,
  status: 'finished',
  error: null,
  folder: '',
  rounds,
  timings: [],
});
const run = (unlabelled?: object): RunRecord => ({
  dir: 'a',
  config: {
    name: 'a',
    dataset: { name: 'digits' },
    batch: 1,
    rounds: 1,
    seeds: [1, 2],
    strategies: [{ kind: 'random' }],
    unlabelled,
  },
  manifest: null,
  strategies: [{ name: 'random', kind: 'random' }],
  classNames: ['a', 'b', 'c'],
  cells: [
    cell(1, [round(0, 100, 0.5), round(1, 200, 0.75)]),
    cell(2, [round(0, 0, null), round(1, 300, 0.85)]),
  ],
});
const text = (of: RunRecord) =>
  String(unlabelledSection(of)?.body)
    .replace(/<[^>]+>/g, ' ')
    .replace(/\s+/g, ' ');

describe('the section on unlabelled images', () => {
  test('is not there where they were not used', () => {
    expect(unlabelledSection(run())).toBeNull();
    expect(unlabelledWords(run().config)).toBe('');
  });

  test('names the pre-training and the pseudo-labels, and how many of these are right', () => {
    const both = run({
      pretraining: { kind: 'deep-cluster', epochs: 7 },
      pseudoLabels: { kind: 'label-propagation', neighbours: 9, share: 0.25 },
    });
    expect(unlabelledWords(both.config)).toBe(
      ', pre-trained by deep-cluster, with pseudo-labels by label-propagation',
    );
    expect(text(both)).toContain('learnt 15 clusters of its own features of all pool images, 7 times anew');
    expect(text(both)).toContain(
      '25.0 % of them, drawn by how surely a label reaches them along a graph of 9',
    );
    expect(text(both)).toMatch(/random 50(\.0)? 50\.0 % 250(\.0)? 80\.0 %/);
  });

  test('says the threshold of confidence', () => {
    const words = text(run({ pseudoLabels: { kind: 'confidence', threshold: 0.8 } }));
    expect(words).toContain('those with a class of probability 0.8 or more');
    expect(words).not.toContain('DeepCluster');
  });
});
