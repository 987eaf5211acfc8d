/**
 * The folder of an unfinished training: `checkpoint.safetensors`, one file with all that going on needs, and
 * `metrics.jsonl`, the losses of every step.
 *
 * A step's losses reach the disk before the checkpoint that contains the step, and going on cuts the metrics
 * back to the checkpoint's step, so that in the end the file is that of an uninterrupted training.
 */
import { rm } from 'node:fs/promises';
import path from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { z } from 'zod';
import { appendSynced, writeFileAtomic } from '../src/atomic-write.ts';
import { decodeSafetensors, encodeSafetensors, type FloatTensor } from '../src/safetensors.ts';
import { parseOrigin, readIfThere } from './model-folder.ts';
import type { Origin } from './origin.ts';
import type { Losses, TrainingState } from './trainable.ts';

const CHECKPOINT = 'checkpoint.safetensors';
const METRICS = 'metrics.jsonl';

/** Where a training stands. */
export interface Checkpoint {
  readonly origin: Origin;
  /** Steps made. */
  readonly step: number;
  /** Name of the backend that made them; undefined in checkpoints from before it was noted. */
  readonly backend: string | undefined;
  readonly state: TrainingState;
}

/** Losses of one step, by the names the model gives them. */
export interface StepLosses {
  readonly step: number;
  readonly losses: Readonly<Record<string, number>>;
}

/**
 * Replaces the folder's checkpoint.
 *
 * @throws Error if a variable is not finite; the checkpoint before is kept then
 */
export async function writeCheckpoint(
  dir: string,
  { origin, step, backend, state }: Checkpoint,
): Promise<void> {
  checkFinite(dir, step, state.tensors);
  const progress = JSON.stringify({ step, backend, counters: state.counters });
  const metadata = { origin: JSON.stringify(origin), progress };
  await writeFileAtomic(path.join(dir, CHECKPOINT), encodeSafetensors(state.tensors, metadata));
}

/** @throws Error if a variable is not finite */
export function checkFinite(dir: string, step: number, tensors: ReadonlyMap<string, FloatTensor>): void {
  for (const [name, { values }] of tensors) {
    if (!values.every(Number.isFinite)) throw diverged(`${name} is not finite after step ${step}`, dir);
  }
}

/**
 * The folder's checkpoint, or undefined if there is none.
 *
 * @throws RangeError if the file is broken or of another version
 */
export async function readCheckpoint(dir: string): Promise<Checkpoint | undefined> {
  const file = path.join(dir, CHECKPOINT);
  const bytes = await readIfThere(file);
  if (bytes === undefined) return undefined;
  const { tensors, metadata } = decodeSafetensors(bytes, file);
  const origin = parseOrigin(metadata.origin ?? '', file);
  const { step, backend, counters } = Progress.parse(JSON.parse(metadata.progress ?? '{}'));
  return { origin, step, backend, state: { tensors, counters } };
}

const Progress = z.strictObject({
  step: z.int().min(1),
  backend: z.string().optional(),
  counters: z.record(z.string(), z.int().min(0)),
});

/** Removes the checkpoint of a finished training. */
export async function removeCheckpoint(dir: string): Promise<void> {
  await rm(path.join(dir, CHECKPOINT), { force: true });
}

/**
 * Cuts the metrics back to the first `step` steps.
 *
 * @throws RangeError if they are not all there
 */
export async function cutMetrics(dir: string, step: number): Promise<void> {
  const file = path.join(dir, METRICS);
  if (step === 0) {
    await rm(file, { force: true });
    return;
  }
  const lines = ((await readIfThere(file))?.toString('utf8') ?? '').split('\n');
  // The last piece has no line end: it is empty, or was cut off by a kill.
  const whole = lines.slice(0, -1);
  if (whole.length < step) {
    throw new RangeError(`${file}: expected the losses of ${step} steps, got ${whole.length}`);
  }
  const kept = whole.slice(0, step);
  await writeFileAtomic(file, `${kept.join('\n')}\n`);
}

/** Collects losses on the device and brings them to the disk a few steps at a time. */
export class LossJournal {
  readonly #dir: string;
  #pending: { readonly step: number; readonly losses: Losses }[] = [];

  constructor(dir: string) {
    this.#dir = dir;
  }

  /** Takes over the losses of a step and disposes them later. */
  add(step: number, losses: Losses): void {
    this.#pending.push({ step, losses });
  }

  /**
   * Reads all losses collected, appends them to the metrics and returns the last.
   *
   * @throws Error if one is not finite; those before it are appended first
   */
  async flush(): Promise<StepLosses> {
    const read = await Promise.all(
      this.#pending.map(async ({ step, losses }): Promise<StepLosses> => {
        const figures = Object.entries(losses).map(async ([name, loss]) => [name, (await loss.data())[0]]);
        return { step, losses: Object.fromEntries(await Promise.all(figures)) };
      }),
    );
    this.dispose();
    const broken = read.findIndex(({ losses }) => !Object.values(losses).every(Number.isFinite));
    const whole = broken < 0 ? read : read.slice(0, broken);
    const lines = whole.map(({ step, losses }) => `${JSON.stringify({ step, ...losses })}\n`).join('');
    await appendSynced(path.join(this.#dir, METRICS), lines);
    const last = read.at(broken) as StepLosses;
    if (broken >= 0) {
      const figures = Object.entries(last.losses).map(([name, loss]) => `${spelt(name)} ${loss}`);
      throw diverged(`${figures.join(', ')} at step ${last.step}`, this.#dir);
    }
    return last;
  }

  /** Frees losses that were not flushed. */
  dispose(): void {
    for (const { losses } of this.#pending) tf.dispose(Object.values(losses));
    this.#pending = [];
  }
}

/** A loss's name for people: `generatorLoss` is "generator loss". */
export function spelt(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}

/** Runs `work`, which writes to the folder; what the system refuses is said in one sentence. */
export async function writingTo<T>(dir: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Error && 'syscall' in error)) throw error;
    throw new Error(
      `trainGenerator.dir: expected ${dir} to be a folder that can be written, got "${error.message}"; ` +
        'the last good checkpoint, if there was one, is kept',
      { cause: error },
    );
  }
}

function diverged(what: string, dir: string): Error {
  return new Error(
    `trainGenerator: the training diverged (${what}); the last good checkpoint, if there was one, is kept in ${dir}`,
  );
}
