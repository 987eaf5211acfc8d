/**
 * Puts into the cells of a run fixture what strategies with a discriminator tell of their rounds, as an experiment leaves it.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { RoundRecord, TimingRecord } from '../../src/acquisition/round-record.ts';
import type { Diagnostics } from '../../src/acquisition/strategy.ts';
import { writeReconstructionGrid } from '../../src/reports/reconstruction-grid.ts';

const SHAPE = [28, 28, 1] as const;
const BINS = 10;
/** All in one of ten bins. */
const inBin = (wanted: number) => Array.from({ length: BINS }, (_, bin) => Number(bin === wanted));

/** Figures of a round whose networks have learned something, and nothing ails them. */
export const SOUND: Diagnostics = {
  discriminatorAuc: 0.7,
  discriminatorLoss: 0.6,
  cannotTellApart: 0,
  heldOutLabelled: 6,
  heldOutUnlabelled: 1000,
  reconstruction: 40,
  divergence: 20,
  divergencePerUnit: [3, 7, 1, 9],
  activeUnits: 4,
  scoreQuantiles: [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7],
  scoreHistogram: inBin(4),
  scoreHistogramLabelled: inBin(7),
  scoreHistogramSelected: inBin(1),
  saturatedShare: 0.02,
  tiedShare: 0,
  overlapRandom: 0.1,
  overlapEntropy: 0.2,
  overlapChance: 0.01,
};

/** What versions before the score histograms of three groups, ties and saturation wrote. */
export const OLD: Diagnostics = Object.fromEntries(
  Object.entries(SOUND).filter(([key]) => !/^(scoreHistogram.+|saturatedShare|tiedShare)$/.test(key)),
);

/** Rewrites the records of a cell, from round 1 on, and draws reconstructions of its last round. */
export async function tellVaal(
  run: string,
  strategy: string,
  seed: number,
  diagnostics: Diagnostics,
  { pictures = true, diagnosticsMs }: { pictures?: boolean; diagnosticsMs?: number } = {},
): Promise<void> {
  const cell = path.join(run, 'cells', strategy, `seed-${seed}`);
  changeLines<RoundRecord>(path.join(cell, 'rounds.jsonl'), (record) =>
    record.round === 0 ? record : { ...record, diagnostics: { ...diagnostics, ...record.diagnostics } },
  );
  if (diagnosticsMs !== undefined) {
    changeLines<TimingRecord>(path.join(cell, 'timings.jsonl'), (timing) => ({ ...timing, diagnosticsMs }));
  }
  if (!pictures) return;
  const pool = { images: new Uint8Array(784 * 2), decoded: new Uint8Array(784 * 2).fill(90), heldOut: true };
  await writeReconstructionGrid(path.join(cell, 'queries', 'round-2-reconstructions.png'), {
    heading: `${strategy}, seed ${seed}, round 2`,
    shape: SHAPE,
    labelled: pool,
    unlabelled: pool,
  });
}

/** Rewrites the confusions of every round of a cell; undefined takes them out. */
export function tellConfusion(
  run: string,
  strategy: string,
  seed: number,
  confusionOf: (round: number) => number[] | undefined,
): void {
  changeLines<RoundRecord>(
    path.join(run, 'cells', strategy, `seed-${seed}`, 'rounds.jsonl'),
    ({ testConfusion: _, ...record }) => {
      const testConfusion = confusionOf(record.round);
      return testConfusion === undefined ? record : { ...record, testConfusion };
    },
  );
}

function changeLines<Line>(file: string, change: (line: Line) => Line): void {
  const lines = readFileSync(file, 'utf8').trim().split('\n');
  writeFileSync(file, lines.map((line) => `${JSON.stringify(change(JSON.parse(line)))}\n`).join(''));
}
