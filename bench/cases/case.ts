/**
 * A step of work that is timed on every backend, beside PyTorch, and compared with the `cpu` backend: the
 * benchmark and the parity test share these, so what is measured is what is checked.
 */
import type { Variables } from '../../generators/variables.ts';
import type { Adam } from '../../src/backend/adam.ts';
import type { Stream } from '../../src/random.ts';

/** `full` is what the benchmark times; `tiny` takes the plain-JavaScript backend less than a second a step. */
export type CaseSize = 'tiny' | 'full';

export interface StepCase {
  /** Its name in tables, flags and in `bench/peers/pytorch.py`, such as `dcgan-28`. */
  readonly name: string;
  /** One line: network, batch and what a step does. */
  readonly describe: (size: CaseSize) => string;
  /** Fresh networks and fixed inputs; all chance comes from streams below `stream`. */
  readonly create: (size: CaseSize, stream: Stream) => RunningCase;
}

export interface RunningCase {
  /** Useful operations of a step in 10^9, two for a multiply-add, of matrix products and convolutions alone. */
  readonly gflop: number;
  /** One step. Its losses or scores by name, read back from the device at its end and nowhere else. */
  readonly step: () => Promise<Readonly<Record<string, Float32Array>>>;
  /** What a step changes, by name; empty for a case that only computes. */
  readonly variables: Variables;
  /** The optimisers, by name. After one step their first moments are `(1 - beta1)` times the gradients. */
  readonly optimisers: Readonly<Record<string, Adam>>;
  readonly dispose: () => void;
}
