/**
 * The training loop of all generators: seeded order, progress, sample grids, checkpoints and resuming.
 *
 * All randomness of step `s` comes from streams named by `s` and by its epoch, so a checkpoint needs no position
 * in any stream, and a training that was killed goes on to the same bits.
 */
import { mkdir } from 'node:fs/promises';
import * as tf from '@tensorflow/tfjs';
import { removeTemporaryFiles } from '../src/atomic-write.ts';
import type { Stream } from '../src/random.ts';
import { checkInteger } from '../src/shapes.ts';
import { GeneratorConfig } from './config.ts';
import type { Generator } from './generator.ts';
import { loadGenerator } from './load.ts';
import { readTraining, writeModelFolder } from './model-folder.ts';
import { differences, type Origin, originOf, type TrainingData } from './origin.ts';
import { gridImages } from './sample.ts';
import type { TrainableGenerator } from './trainable.ts';
import { checkTrainingData, StepBatches } from './training-data.ts';
import {
  checkFinite,
  cutMetrics,
  LossJournal,
  readCheckpoint,
  removeCheckpoint,
  type StepLosses,
  writeCheckpoint,
  writingTo,
} from './training-folder.ts';
import { createTrainable } from './zoo.ts';

/** Steps between looks at the losses, each of which waits for the device. */
const REPORT_EVERY = 10;

/** Where a training stands; losses are of the last step. */
export interface TrainingProgress extends StepLosses {
  /** Steps in all. */
  readonly steps: number;
  /** Real images a second since this call began. */
  readonly imagesPerSecond: number;
  /** Expected time to the end. */
  readonly etaMs: number;
}

export interface TrainingOptions {
  /** Folder of the model, created if need be. A training found in it is taken up; nobody else writes to it. */
  readonly dir: string;
  /** Weights, order and latents come from streams below it; nothing is drawn from it. */
  readonly stream: Stream;
  /** Called every ten steps, before each checkpoint and at the end. */
  readonly onProgress?: ((progress: TrainingProgress) => void) | undefined;
  /**
   * Called every `gridEvery` steps with 64 images of the same latents each time, as bytes
   * `[64, height, width, channels]`; a model without a prior reconstructs the first images of the data.
   */
  readonly onGrid?: ((step: number, images: Uint8Array) => void | Promise<void>) | undefined;
  /** Calls `look` with the model in inference mode every so many steps; it may be called again after a kill. */
  readonly watch?:
    | {
        readonly every: number;
        readonly look: (step: number, model: Generator) => void | Promise<void>;
      }
    | undefined;
  /** Stops the training after the step it is in and a checkpoint; the call then throws the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Trains a generator on images, or goes on with the training in the folder, or loads it if it is finished.
 *
 * Each epoch passes through the images in an order of its own; what is left of the last batch is dropped. On one
 * machine and backend the result is the same to the bit however often the training was killed and taken up.
 *
 * @returns the trained generator; the caller disposes it
 * @throws RangeError if config or data are not usable, or the folder holds a training of another config, other data or
 *   another stream, or an unfinished one of another backend
 * @throws Error if the losses or weights cease to be finite, or the folder cannot be written; the last good checkpoint
 *   is kept
 */
export async function trainGenerator(
  config: GeneratorConfig,
  data: TrainingData,
  { dir, stream, onProgress, onGrid, signal, watch }: TrainingOptions,
): Promise<Generator> {
  const checked = GeneratorConfig.parse(config);
  checkTrainingData(checked, data);
  if (watch) checkInteger('trainGenerator.watch.every', watch.every, 1);
  signal?.throwIfAborted();
  const origin = originOf(checked, data, stream);
  await writingTo(dir, async () => {
    await mkdir(dir, { recursive: true });
    await removeTemporaryFiles(dir);
  });
  const finished = await readTraining(dir);
  if (finished) refuseOther(finished, origin, dir);
  else await train(origin, data, { dir, stream, onProgress, onGrid, signal, watch });
  // Also where a kill came between the finished model and this line.
  await removeCheckpoint(dir);
  return loadGenerator(dir);
}

async function train(origin: Origin, data: TrainingData, options: TrainingOptions): Promise<void> {
  const { dir, stream } = options;
  const model = createTrainable(origin.config, data, stream.of('weights'));
  const journal = new LossJournal(dir);
  try {
    const checkpoint = await readCheckpoint(dir);
    if (checkpoint) {
      refuseOther(checkpoint.origin, origin, dir, checkpoint.backend);
      model.restore(checkpoint.state);
    }
    const start = checkpoint?.step ?? 0;
    await writingTo(dir, () => cutMetrics(dir, start));
    await runSteps(model, journal, start, origin, data, options);
    const weights = await model.weights();
    checkFinite(dir, origin.config.steps, weights);
    await writingTo(dir, () => writeModelFolder(dir, origin, weights));
  } finally {
    journal.dispose();
    model.dispose();
  }
}

async function runSteps(
  model: TrainableGenerator,
  journal: LossJournal,
  start: number,
  origin: Origin,
  data: TrainingData,
  { dir, stream, onProgress, onGrid, signal, watch }: TrainingOptions,
): Promise<void> {
  const { steps, batch, checkpointEvery, gridEvery } = origin.config;
  const { batchesPerStep } = model;
  const batches = new StepBatches(origin.config, data, batchesPerStep, stream);
  const begun = performance.now();
  for (let step = start + 1; step <= steps; step++) {
    const inputs = batches.at(step);
    try {
      journal.add(step, model.step(inputs, stream.of('step', step)));
    } finally {
      tf.dispose([inputs.images, ...Object.values(inputs.labelled ?? {})]);
    }
    const isStopping = step < steps && signal?.aborted === true;
    const isCheckpoint = step < steps && (isStopping || step % checkpointEvery === 0);
    if (isCheckpoint || step % REPORT_EVERY === 0 || step === steps) {
      const losses = await writingTo(dir, () => journal.flush());
      const msPerStep = (performance.now() - begun) / (step - start);
      const imagesPerSecond = (1000 * batch * batchesPerStep) / msPerStep;
      onProgress?.({ ...losses, steps, imagesPerSecond, etaMs: (steps - step) * msPerStep });
    }
    // Before the checkpoint: a grid that a kill prevents is then made when the training goes on.
    if (onGrid && gridEvery > 0 && step % gridEvery === 0) {
      await onGrid(step, await gridImages(model.sampler, data.images, stream.of('grid')));
    }
    if (watch && step % watch.every === 0) await watch.look(step, model.sampler);
    if (isCheckpoint) {
      const checkpoint = { origin, step, backend: tf.getBackend(), state: await model.state() };
      await writingTo(dir, () => writeCheckpoint(dir, checkpoint));
    }
    if (isStopping) signal?.throwIfAborted();
    // Lets timers and signals through; on WebAssembly a step never waits for anything.
    await new Promise((resume) => setImmediate(resume));
  }
}

/** @param savedBackend that of an unfinished training, which another backend would not take to the same bits */
function refuseOther(saved: Origin, asked: Origin, dir: string, savedBackend?: string): void {
  const found = differences(saved, asked);
  const backend = tf.getBackend();
  if (savedBackend !== undefined && savedBackend !== backend) {
    found.push(`backend: saved ${savedBackend}, asked ${backend}`);
  }
  if (found.length > 0) {
    throw new RangeError(
      `trainGenerator.dir: expected ${dir} to be free or to hold this training, got another one (${found.join('; ')})`,
    );
  }
}
