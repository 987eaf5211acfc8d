/**
 * Numbers that the host computes anew at every step, such as a bias correction of Adam.
 *
 * A step that runs as a graph runs none of its JavaScript but these functions.
 */
import * as tf from '@tensorflow/tfjs';

/** Computes the numbers of one step. It may count steps: it is called once a step, and in the same order. */
export type StepNumbers = () => readonly number[];

/** What the host computes at each step, and what it has computed for the next one. */
export interface HostNumbers {
  readonly computations: readonly StepNumbers[];
  readonly values: readonly (readonly number[])[];
}

type Supply = (compute: StepNumbers) => tf.Scalar[];

let supply: Supply = (compute) => compute().map((value) => tf.scalar(value));

/**
 * Scalars whose values change from step to step.
 *
 * @param compute called once, now; where the step around is repeated as a graph, once at each repetition
 * @returns float32 scalars the caller disposes
 */
export function eachStep(compute: StepNumbers): tf.Scalar[] {
  return supply(compute);
}

/** Runs an action in which {@link eachStep} takes its scalars from elsewhere. */
export function supplyingStepNumbers<T>(from: Supply, action: () => T): T {
  const before = supply;
  supply = from;
  try {
    return action();
  } finally {
    supply = before;
  }
}
