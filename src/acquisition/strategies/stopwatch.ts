/**
 * Where the time of a selection goes.
 */
import type { SelectionTimes } from '../strategy.ts';

type Phase = keyof SelectionTimes;

/** Adds up milliseconds by phase. A phase within another is taken out of the outer one. */
export class Stopwatch {
  readonly #sums: Record<Phase, number> = { generateMs: 0, matchMs: 0, scoreMs: 0, diagnosticsMs: 0 };
  #inner = 0;

  /** Runs an action, and adds its time to a phase. */
  async time<T>(phase: Phase, action: () => Promise<T>): Promise<T> {
    const before = this.#inner;
    this.#inner = 0;
    const started = performance.now();
    try {
      return await action();
    } finally {
      const took = performance.now() - started;
      this.#sums[phase] += took - this.#inner;
      this.#inner = before + took;
    }
  }

  times(): SelectionTimes {
    return { ...this.#sums };
  }
}
