/**
 * Builds run folders as an experiment leaves them, with curves, queries and samples that look like real ones.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { dump } from 'npyjs';
import type { RoundRecord, TimingRecord } from '../../src/acquisition/round-record.ts';
import { drawDigit } from '../../src/datasets/digits.ts';
import { rootStream, type Stream } from '../../src/random.ts';
import { writeGrid, writeQueryGrid } from '../../src/reports/grid.ts';
import { type MatchedFixtureRound, matchedRound, startMatchedCell } from './matched-fixture.ts';

export interface FixtureOptions {
  readonly seeds?: readonly number[];
  readonly rounds?: number;
  readonly batch?: number;
  readonly strategies?: readonly { readonly kind: string; readonly name?: string }[];
  readonly classes?: readonly (string | number)[];
  /** Cells that end early, as `strategy/seed`, after this many rounds. */
  readonly unfinished?: Readonly<Record<string, number>>;
  /** Cells that failed, as `strategy/seed`, with their message. */
  readonly failed?: Readonly<Record<string, string>>;
  /** Final accuracy above random sampling's, by strategy. */
  readonly gain?: Readonly<Record<string, number>>;
  /** Rounds whose pictures are drawn; drawing is what takes time. */
  readonly pictures?: readonly number[];
  readonly generator?: boolean;
  readonly manifest?: boolean;
  /** Grey levels by which what a strategy of kind `asal` synthesises strays from real images, by name. */
  readonly noise?: Readonly<Record<string, number>>;
}

const SHAPE = [28, 28, 1] as const;

/** Writes a run folder under the system's temporary folder; the caller removes it. */
export async function writeRunFixture({
  seeds = [1, 2, 3, 4, 5],
  rounds = 12,
  batch = 10,
  strategies = [{ kind: 'random' }, { kind: 'uncertainty' }, { kind: 'gaal' }],
  classes = [5, 7],
  unfinished = {},
  failed = {},
  gain = { uncertainty: 0.012, gaal: 0.001 },
  pictures = [1, Math.ceil(rounds / 2), rounds],
  generator = true,
  manifest = true,
  noise: noiseOf = {},
}: FixtureOptions = {}): Promise<string> {
  const run = mkdtempSync(path.join(tmpdir(), 'genal-report-'));
  const ended = Object.keys(unfinished).length === 0;
  json(path.join(run, 'config.json'), {
    name: 'gaal-mnist-5v7',
    dataset: { name: 'mnist', classes },
    initial: { size: 50, balanced: false },
    batch,
    rounds,
    seeds,
    classifier: { kind: 'linear-svm', c: 1 },
    generators: { dcgan: { kind: 'dcgan', latentSize: 100, channels: [64, 32], steps: 5000 } },
    oracle: { noise: 0, minConfidence: 0.5, chargeAbstentions: true },
    strategies,
  });
  if (manifest) {
    json(path.join(run, 'manifest.json'), {
      genal: '0.1.0',
      node: 'v22.21.0',
      tensorflow: '4.22.0',
      backend: 'wasm',
      backendDetail: 'SIMD, one thread',
      machine: {
        platform: 'linux x64',
        cpu: 'Intel Xeon Platinum 8481C',
        cores: 2,
        memoryBytes: 8_325_275_648,
      },
      gitCommit: '8fe42e6c0f6b7b0b1e0d7f8f5b7f1d2c3b4a5968',
      dataDir: null,
      started: '2026-11-20T09:12:31.000Z',
      finished: ended ? '2026-11-20T10:03:07.000Z' : null,
      status: ended ? 'finished' : 'running',
      oracle: {
        testAccuracy: 0.9934,
        testAbstentions: 0.0021,
        testImages: 1920,
        trainImages: 60_000,
        trainClasses: 10,
        minConfidence: 0.5,
      },
    });
  }
  for (const { kind, name = kind } of strategies) {
    for (const seed of seeds) {
      const key = `${name}/${seed}`;
      const cell = path.join(run, 'cells', name, `seed-${seed}`);
      mkdirSync(cell, { recursive: true });
      const stream = rootStream(seed).of('fixture', name);
      const last = unfinished[key] ?? rounds;
      const records: RoundRecord[] = [];
      const timings: TimingRecord[] = [];
      const pool = kind === 'asal' ? startMatchedCell(rootStream(seed).of('pool')) : null;
      for (let round = 0; round <= last; round++) {
        const progress = round / rounds;
        const start = 0.951 + 0.006 * rootStream(seed).of('start').normal();
        const rise = 0.03 * (1 - Math.exp(-3 * progress)) + (gain[name] ?? 0) * progress;
        const dip = kind === 'gaal' && round === 1 ? -0.006 : 0;
        const noise = round === 0 ? 0 : 0.0018 * stream.of('noise', round).normal();
        const matched =
          pool === null || round === 0
            ? null
            : await matchedRound(pool, {
                round,
                batch,
                stream: stream.of('matched', round),
                folder: pictures.includes(round) ? cell : null,
                heading: `${name}, seed ${seed}`,
                noise: noiseOf[name] ?? 20,
              });
        records.push(
          roundRecord({
            matched,
            kind,
            round,
            batch,
            classes: classes.length,
            // All strategies of a seed begin with the same labels.
            stream: round === 0 ? rootStream(seed).of('initial') : stream.of('round', round),
            testAccuracy: Math.round((start + rise + dip + noise) * 1920) / 1920,
          }),
        );
        timings.push({
          round,
          trainMs: 310 + 12 * round + 20 * stream.uniform(),
          generateMs: (kind === 'gaal' || kind === 'asal') && round > 0 ? 2210 + 90 * stream.uniform() : 0,
          matchMs: kind === 'asal' && round > 0 ? 34 + 8 * stream.uniform() : 0,
          scoreMs: (kind === 'uncertainty' || kind === 'asal') && round > 0 ? 180 + 20 * stream.uniform() : 0,
          rssBytes: 412_000_000 + 1_500_000 * round,
        });
        if (matched === null && round > 0 && seed === seeds[0] && pictures.includes(round)) {
          await drawQueries(cell, { kind, name, seed, classes, batch, stream, record: records[round]! });
        }
      }
      lines(path.join(cell, 'rounds.jsonl'), records);
      lines(path.join(cell, 'timings.jsonl'), timings);
      const failure = failed[key];
      if (failure !== undefined) json(path.join(cell, 'error.json'), { message: failure, stack: null });
    }
  }
  if (generator) await drawGenerator(run);
  return run;
}

export function removeRunFixture(run: string): void {
  rmSync(run, { recursive: true, force: true });
}

function roundRecord({
  matched,
  kind,
  round,
  batch,
  classes,
  stream,
  testAccuracy,
}: {
  matched: MatchedFixtureRound | null;
  kind: string;
  round: number;
  batch: number;
  classes: number;
  stream: Stream;
  testAccuracy: number;
}): RoundRecord {
  const synthesised = kind === 'gaal' && round > 0;
  const asked = round === 0 ? 50 : batch;
  const drawn = Array.from({ length: asked }, () => {
    const label = stream.integer(classes);
    if (!synthesised) return { label, confidence: 1 };
    const confidence = 0.45 + 0.55 * Math.sqrt(stream.uniform());
    return { label: confidence < 0.5 ? null : label, confidence };
  });
  const answers = matched?.answers ?? drawn;
  const answersPerClass = Array.from(
    { length: classes },
    (_, label) => answers.filter((answer) => answer.label === label).length,
  );
  const labelsCharged = 50 + batch * round;
  const common = {
    answersPerClass,
    abstentions: answers.filter(({ label }) => label === null).length,
    oracleConfidence: answers.reduce((sum, { confidence }) => sum + confidence, 0) / asked,
  };
  const start = 1.6 + 0.3 * stream.normal() + 0.05 * round;
  return {
    round,
    labels: labelsCharged,
    labelsCharged,
    testAccuracy,
    ...(synthesised
      ? { synthesised: asked }
      : { selected: matched?.rows ?? Array.from({ length: asked }, (_, i) => 1000 * round + i) }),
    answers,
    diagnostics: {
      ...(synthesised
        ? {
            objective: 'boundary',
            objectiveStart: start,
            objectiveEnd: start * 0.004,
            objectiveEndQuantised: start * 0.012,
            shareReached: Math.min(1, 0.86 + 0.1 * stream.uniform()),
            shareCrossed: 0.3 + 0.2 * stream.uniform(),
            meanPairwiseDistance: 0.55 + 0.02 * stream.normal(),
            meanPairwiseDistanceRandom: 0.61 + 0.01 * stream.normal(),
            latentNormMean: 10 + 0.1 * stream.normal(),
          }
        : {}),
      ...(kind === 'uncertainty' && round > 0
        ? { meanMarginPool: 1.4 + 0.04 * round, meanMarginSelected: 0.02 + 0.005 * stream.uniform() }
        : {}),
      ...matched?.diagnostics,
      ...common,
    },
  };
}

async function drawQueries(
  cell: string,
  {
    kind,
    name,
    seed,
    classes,
    batch,
    stream,
    record,
  }: {
    kind: string;
    name: string;
    seed: number;
    classes: readonly (string | number)[];
    batch: number;
    stream: Stream;
    record: RoundRecord;
  },
): Promise<void> {
  const images = Buffer.concat(
    record.answers.map(({ label }) => drawDigit(label === 0 ? 5 : 7, stream.of('image', stream.bits()))),
  );
  const bytes = new Uint8Array(images);
  const file = path.join(cell, 'queries', `round-${record.round}`);
  await writeQueryGrid(`${file}.png`, {
    images: bytes,
    shape: SHAPE,
    heading: `${name}, seed ${seed}, round ${record.round}`,
    captions: record.answers.map(({ label, confidence }) => ({
      title: label === null ? 'abstained' : `${classes[label]}`,
      detail: `margin ${(0.1 * stream.uniform()).toFixed(2)}${kind === 'gaal' ? `, oracle ${(100 * confidence).toFixed(1)} %` : ''}`,
      tone: label === null ? 'warning' : 'plain',
    })),
  });
  if (kind === 'gaal') writeFileSync(`${file}.npy`, Buffer.from(dump(bytes, [batch, ...SHAPE])));
}

async function drawGenerator(run: string): Promise<void> {
  const folder = path.join(run, 'generators', 'dcgan', 'shared');
  const stream = rootStream(1).of('generator');
  for (const step of [250, 1000, 2000, 3000, 4000, 5000]) {
    const images = Buffer.concat(
      Array.from({ length: 64 }, (_, i) => {
        const digit = drawDigit(i % 2 === 0 ? 5 : 7, stream.of(i));
        const fog = Math.max(0, 1 - step / 3000);
        return digit.map((value) => value * (1 - fog) + 255 * fog * stream.uniform());
      }),
    );
    await writeGrid(path.join(folder, 'grids', `step-${step}.png`), new Uint8Array(images), SHAPE);
  }
  lines(
    path.join(folder, 'metrics.jsonl'),
    Array.from({ length: 5000 }, (_, i) => ({
      step: i + 1,
      discriminatorLoss: 0.6 + 0.4 * Math.exp(-i / 700) + 0.1 * stream.normal(),
      generatorLoss: 1.6 - 0.8 * Math.exp(-i / 900) + 0.2 * stream.normal(),
    })),
  );
}

function json(file: string, value: unknown): void {
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, `${JSON.stringify(value, null, 2)}\n`);
}

function lines(file: string, values: readonly unknown[]): void {
  writeFileSync(file, values.map((value) => `${JSON.stringify(value)}\n`).join(''));
}
