#!/usr/bin/env node
/**
 * Trains the semi-supervised model M2 on MNIST with few labels, measures its test accuracy once an epoch, and prints
 * it beside the published figures.
 *
 *     npx tsx scripts/reproduce-m2.ts [--weighting heavy|official] [--labels 100,600] [--seeds 1,2,3] [--epochs N]
 *
 * Writes below `--out`, for each number of labels and seed, the folder of the model with `accuracy.jsonl`, one line an
 * epoch; and, of all of them, `table.md` and `accuracy.svg`. Called again it goes on where it was stopped, and with a
 * larger `--epochs` further. What the two weightings are is in docs/methods/m2.md.
 */
import { existsSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { GeneratorConfig } from '../generators/config.ts';
import type { Generator } from '../generators/generator.ts';
import { type TrainingProgress, trainGenerator } from '../generators/training.ts';
import { appendLineSynced, writeFileAtomic } from '../src/atomic-write.ts';
import { selectBackend } from '../src/backend/backend.ts';
import type { Dataset } from '../src/datasets/dataset.ts';
import { dataDirectories, loadDataset } from '../src/datasets/registry.ts';
import { ConfigError } from '../src/experiments/config-error.ts';
import { classifierAccuracy } from '../src/experiments/evaluation/model-figures.ts';
import { lockRun } from '../src/experiments/run.ts';
import { describeTraining } from '../src/experiments/tasks.ts';
import { trainingData } from '../src/experiments/training-data.ts';
import { rootStream } from '../src/random.ts';
import { renderSvg } from '../src/reports/chart.ts';
import { type Arguments, backendFlag, type Command, dataFlag, helpOf, readArguments } from './command.ts';
import { readPreset } from './presets.ts';
import { Progress } from './progress.ts';
import { accuracyChart, accuracyTable, type Curve } from './reproduce-m2-report.ts';

const PRESETS = { heavy: 'small', official: 'paper' } as const;
type Weighting = keyof typeof PRESETS;

const command: Command = {
  name: 'reproduce-m2',
  usage: '[--weighting heavy|official] [--labels 100,600] [--seeds 1,2,3] [--epochs N]',
  summary: 'Trains M2 on MNIST and prints its test accuracy beside published figures',
  details: `
heavy is the preset small, 15 epochs in minutes. official is the preset paper, the objective of the paper, whose accuracy
stays flat for hundreds of epochs: the published runs took 3000. Go on with the same command after an interrupt.`,
  flags: {
    weighting: { type: 'string', value: 'NAME', help: 'heavy or official; heavy if left out' },
    labels: { type: 'string', value: '100,600', help: 'Numbers of labels; 100 if left out' },
    seeds: { type: 'string', value: '1,2,3', help: 'Root seeds; 1,2,3 if left out' },
    epochs: {
      type: 'string',
      value: 'N',
      help: 'Where to stop; 15 with heavy, 10 with official if left out',
    },
    out: {
      type: 'string',
      value: 'DIR',
      help: 'Folder of the results; runs/reproduce-m2-WEIGHTING if left out',
    },
    data: dataFlag,
    backend: backendFlag,
  },
  run: reproduce,
};

async function reproduce(args: Arguments): Promise<number> {
  args.none();
  const weighting = weightingOf(args);
  const labels = args.integers('labels', 2) ?? [100];
  const seeds = args.integers('seeds', 1) ?? [1, 2, 3];
  const epochs = args.integer('epochs', 1) ?? { heavy: 15, official: 10 }[weighting];
  const out = args.text('out') ?? join('runs', `reproduce-m2-${weighting}`);
  const flag = args.dataDir();
  const dataset = await loadDataset(
    { name: 'mnist' },
    { dataDirs: dataDirectories(flag === null ? {} : { flag }) },
  );
  const plans = labels.flatMap((count) =>
    seeds.map((seed) => planOf(weighting, count, seed, epochs, dataset)),
  );
  const { backend, detail } = await selectBackend(args.backend());
  console.log(
    `M2 on MNIST, ${weighting} weighting, ${epochs} epochs, backend ${backend} (${detail}), into ${out}`,
  );
  await mkdir(out, { recursive: true });
  const unlock = await lockRun(out);
  const interrupt = new AbortController();
  process.once('SIGINT', () => interrupt.abort());
  const curves: Curve[] = [];
  try {
    for (const plan of plans) curves.push(await trainPlan(plan, dataset, out, interrupt.signal));
  } catch (error) {
    if (!interrupt.signal.aborted) throw error;
    console.log('interrupted; the training is saved. Go on with the same command.');
    return 130;
  } finally {
    await unlock();
  }
  const table = accuracyTable(curves, weighting);
  await writeFileAtomic(join(out, 'table.md'), `${table}\n`);
  await writeFileAtomic(join(out, 'accuracy.svg'), await renderSvg(accuracyChart(curves, weighting)));
  console.log(`\n${table}\n\ntable and chart: ${join(out, 'table.md')}, ${join(out, 'accuracy.svg')}`);
  return 0;
}

/** One training, up to an epoch. */
interface Plan {
  readonly config: GeneratorConfig;
  readonly labels: number;
  readonly seed: number;
  readonly epochs: number;
  /** Steps in which every unlabelled image is seen once. */
  readonly stepsPerEpoch: number;
  /** Epochs of the whole training, which may end a few steps after the last. */
  readonly mostEpochs: number;
}

function planOf(
  weighting: Weighting,
  labels: number,
  seed: number,
  epochs: number,
  { train }: Dataset,
): Plan {
  const { raw } = readPreset(PRESETS[weighting], 'generators/m2');
  const unlabelled = train.n - labels;
  // As the published runs: each update a hundredth (with more labels, half of that) of both sets of images.
  const updates = labels <= 100 ? 100 : 200;
  if (weighting === 'official' && labels % updates !== 0) {
    throw new ConfigError(
      `--labels: expected multiples of ${updates} with the official weighting, got ${labels}`,
    );
  }
  const batches =
    weighting === 'official'
      ? { labelledBatch: labels / updates, batch: Math.floor(unlabelled / updates) }
      : {};
  const config = GeneratorConfig.parse({ ...(raw as object), ...batches });
  const stepsPerEpoch = Math.floor(unlabelled / config.batch);
  const mostEpochs = Math.floor(config.steps / stepsPerEpoch);
  if (epochs > mostEpochs) {
    throw new ConfigError(
      `--epochs: expected at most ${mostEpochs} with the ${weighting} weighting, got ${epochs}`,
    );
  }
  return { config, labels, seed, epochs, stepsPerEpoch, mostEpochs };
}

/** Trains, or goes on, up to the plan's epoch; the accuracy of every epoch so far. */
async function trainPlan(
  { config, labels, seed, epochs, stepsPerEpoch, mostEpochs }: Plan,
  dataset: Dataset,
  out: string,
  interrupt: AbortSignal,
): Promise<Curve> {
  const name = `labels-${labels}-seed-${seed}`;
  const dir = join(out, name);
  await mkdir(dir, { recursive: true });
  const file = join(dir, 'accuracy.jsonl');
  const stream = rootStream(seed);
  const data = trainingData(dataset, labels, stream.of('labelled'));
  const progress = new Progress();
  const points = await readPoints(file);
  const measure = async (step: number, model: Generator): Promise<void> => {
    const epoch = step / stepsPerEpoch;
    // A training taken up passes an epoch it has been through again, with the same result.
    if (points.some((point) => point.epoch === epoch)) return;
    const point = { epoch, step, testAccuracy: (await classifierAccuracy(model, dataset.test)) as number };
    points.push(point);
    await appendLineSynced(file, JSON.stringify(point));
    progress.line(name, `epoch ${epoch}, test accuracy ${(100 * point.testAccuracy).toFixed(2)} %`);
  };
  if (points.some(({ epoch }) => epoch >= epochs)) return { labels, seed, points };
  const enough = new AbortController();
  const lastStep = epochs < mostEpochs ? epochs * stepsPerEpoch : config.steps;
  try {
    const generator = await trainGenerator(config, data, {
      dir,
      // The streams of `genal train m2`: the same seed is the same training.
      stream: stream.of('generator', config.kind),
      onProgress: (state) => progress.status(name, describeTraining(until(state, lastStep))),
      watch: {
        every: stepsPerEpoch,
        look: async (step, model) => {
          await measure(step, model);
          if (lastStep < config.steps && step >= lastStep) enough.abort();
        },
      },
      signal: AbortSignal.any([interrupt, enough.signal]),
    });
    generator.dispose();
  } catch (error) {
    if (interrupt.aborted || !enough.signal.aborted) throw error;
  } finally {
    progress.end(name);
  }
  return { labels, seed, points };
}

/** Where a training stands that ends before its last step. */
function until(state: TrainingProgress, steps: number): TrainingProgress {
  const left = (steps - state.step) / Math.max(1, state.steps - state.step);
  return { ...state, steps, etaMs: state.etaMs * left };
}

async function readPoints(file: string): Promise<Curve['points'][number][]> {
  if (!existsSync(file)) return [];
  const lines = (await readFile(file, 'utf8')).split('\n').filter((line) => line !== '');
  return lines.map((line) => JSON.parse(line) as Curve['points'][number]);
}

function weightingOf(args: Arguments): Weighting {
  const text = args.text('weighting') ?? 'heavy';
  if (text === 'heavy' || text === 'official') return text;
  throw new ConfigError(`--weighting: expected heavy or official, got "${text}"`);
}

try {
  const words = process.argv.slice(2);
  if (words.includes('--help')) console.log(helpOf(command));
  else process.exitCode = await command.run(readArguments(command, words));
} catch (error) {
  if (!(error instanceof ConfigError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
