/** A graph loaded into native TensorFlow, which optimises it as a whole when it first runs. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type BoundTensor, nativeEngine } from './binding.ts';
import { GRAPH_TAG } from './saved-model.ts';

/** A tensor to feed: the binding's number, under `<node>:<output>`. */
export type Fed = readonly [name: string, id: number];

/** Keeps the session's resources until it is disposed. */
export class GraphSession {
  readonly #id: number;

  /**
   * @param content the graph's file, as `savedModel` makes it
   * @throws Error if TensorFlow takes the graph to be none
   */
  constructor(content: Uint8Array) {
    const folder = mkdtempSync(path.join(tmpdir(), 'genal-graph-'));
    try {
      writeFileSync(path.join(folder, 'saved_model.pb'), content);
      this.#id = nativeEngine().binding.loadSavedModel(folder, GRAPH_TAG);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }

  /** Runs what the outputs depend on. The caller owns the tensors. */
  run(feeds: readonly Fed[], outputs: readonly string[]): BoundTensor[] {
    const ids = feeds.map(([, id]) => id);
    const names = feeds.map(([name]) => name).join(',');
    return nativeEngine().binding.runSavedModel(this.#id, ids, names, outputs.join(','));
  }

  dispose(): void {
    nativeEngine().binding.deleteSavedModel(this.#id);
  }
}
