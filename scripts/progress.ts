/**
 * What a person sees of long work: a line for every finished step, and where the running ones stand. On a
 * terminal the latter is one line that is redrawn; elsewhere it is printed now and then.
 */
import ora, { type Ora } from 'ora';

/** How often the standing of a task is printed where it cannot be redrawn. */
const quietMs = 10_000;

export class Progress {
  readonly #started = performance.now();
  readonly #spinner: Ora | null = process.stderr.isTTY ? ora({ stream: process.stderr }) : null;
  readonly #standing = new Map<string, string>();
  readonly #printedAt = new Map<string, number>();

  /** Something is finished: printed and kept. */
  line(name: string, text: string): void {
    this.#print(`${name}: ${text}`);
  }

  /** Where a running task stands; replaces what was said before. */
  status(name: string, text: string): void {
    this.#standing.set(name, text);
    if (this.#spinner !== null) {
      this.#spinner.text = [...this.#standing]
        .map(([task, standing]) => `${task}: ${standing}`)
        .join('  |  ');
      if (!this.#spinner.isSpinning) this.#spinner.start();
      return;
    }
    const now = performance.now();
    if (now - (this.#printedAt.get(name) ?? Number.NEGATIVE_INFINITY) < quietMs) return;
    this.#printedAt.set(name, now);
    this.#print(`${name}: ${text}`);
  }

  /** The task runs no longer. */
  end(name: string): void {
    this.#standing.delete(name);
    this.#printedAt.delete(name);
    if (this.#standing.size === 0) this.#spinner?.stop();
  }

  #print(text: string): void {
    const seconds = Math.floor((performance.now() - this.#started) / 1000);
    const clock = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
    this.#spinner?.clear();
    console.log(`[${clock.padStart(5)}] ${text}`);
    if (this.#spinner?.isSpinning === true) this.#spinner.render();
  }
}
