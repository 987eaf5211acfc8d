/**
 * Training steps that a script in `test/fixtures` took in PyTorch, and the check that ours are the same steps.
 */
import { readFile } from 'node:fs/promises';
import * as tf from '@tensorflow/tfjs';
import { expect } from 'vitest';
import type { Adam } from '../../src/backend/adam.ts';
import { waves, worstShare } from './waves.ts';

export interface ReferenceSteps {
  /** What each step returned. */
  readonly losses: readonly (readonly number[])[];
  /** Of the first step, for every trained tensor, in the order in which {@link fillAsReference} fills them. */
  readonly gradients: Readonly<Record<string, readonly number[]>>;
  /** After the last step, statistics included. */
  readonly tensors: Readonly<Record<string, readonly number[]>>;
}

/** The steps of `test/fixtures/<file>`, of one of its settings where it has several. */
export async function readReference(file: string, setting?: string): Promise<ReferenceSteps> {
  const text = await readFile(new URL(`../fixtures/${file}`, import.meta.url), 'utf8');
  const parsed = JSON.parse(text);
  return setting === undefined ? parsed : parsed[setting];
}

/** Gives the trained ones among variables the weights that the reference begins with. */
export function fillAsReference(
  variables: Readonly<Record<string, tf.Variable>>,
  { gradients }: ReferenceSteps,
  meanOf: (name: string) => number = () => 0.1,
) {
  Object.keys(gradients).forEach((name, index) => {
    const variable = variables[name]!;
    variable.assign(tf.tensor(waves(index + 1, 0.4, meanOf(name), variable.size), variable.shape));
  });
}

/** The values of losses. */
export async function scalars(tensors: readonly tf.Scalar[]): Promise<number[]> {
  return Promise.all(tensors.map(async (tensor) => (await tensor.data())[0]!));
}

export interface OurSteps {
  readonly adam: Adam;
  /** Everything that a step may change, by its name in the reference. */
  readonly tensors: Readonly<Record<string, tf.Tensor>>;
  /** Takes a step and returns what it returned. */
  readonly take: (step: number) => Promise<ArrayLike<number>>;
}

/** Takes the reference's steps and compares. Bounds are shares as of {@link worstShare}. */
export async function expectSteps(
  { adam, tensors, take }: OurSteps,
  expected: ReferenceSteps,
  bounds: { readonly losses: number; readonly gradients: number; readonly tensors: number },
) {
  for (const [step, wanted] of expected.losses.entries()) {
    expect(worstShare(await take(step), wanted), `losses of step ${step}`).toBeLessThan(bounds.losses);
    if (step > 0) continue;
    // The first moment after one step is a tenth of the gradient.
    const { moments } = await adam.state();
    for (const [name, gradient] of Object.entries(expected.gradients)) {
      const ours = moments[`${name}/m`]!.map((value) => 10 * value);
      expect(worstShare(ours, gradient), `gradient of ${name}`).toBeLessThan(bounds.gradients);
    }
  }
  expect(Object.keys(tensors).sort()).toEqual(Object.keys(expected.tensors).sort());
  for (const [name, wanted] of Object.entries(expected.tensors)) {
    expect(worstShare(await tensors[name]!.data(), wanted), name).toBeLessThan(bounds.tensors);
  }
}
