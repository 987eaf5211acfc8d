/**
 * What the report shows of training images that nobody was asked about: the last round's picture, and how many there were.
 */
import { existsSync } from 'node:fs';
import { html } from 'hono/html';
import type { RoundRecord } from '../acquisition/round-record.ts';
import { runPaths } from '../experiments/run-folder.ts';
import type { Html } from './html.ts';
import { count, percent } from './number-format.ts';
import { readPicture } from './pictures.ts';
import type { CellRecord } from './run-record.ts';

/** A figure of a cell's extra training images; empty if it has none. */
export async function extraFigure(
  { strategy, seed, folder, rounds }: CellRecord,
  { maxHeight, maxBytes }: { readonly maxHeight: number; readonly maxBytes: number },
): Promise<Html | string> {
  const adding = rounds.filter(({ extra }) => extra !== undefined);
  if (adding.length === 0) return '';
  const added = adding.reduce((sum, { extra }) => sum + (extra?.labels.length ?? 0), 0);
  const shown = adding.findLast(({ round }) => existsSync(runPaths.extraGrid(folder, round)));
  const words = html`<strong>Not bought</strong>: ${count(added, 'training image')} in ${count(adding.length, 'round')} that nobody was asked about and nobody was paid for.${rightWords(shown ?? adding.at(-1))} The curve of ${strategy} shows them and its choice together.`;
  if (shown === undefined) return html`<p class="note">${words}</p>`;
  const { uri, width, height } = await readPicture(
    runPaths.extraGrid(folder, shown.round),
    maxHeight,
    maxBytes,
  );
  return html`<figure><div class="scroll" role="region" aria-label="Extra training images of ${strategy}, round ${shown.round}" tabindex="0"><img class="picture" src="${uri}" width="${width}" height="${height}" alt="Training images that ${strategy} added in round ${shown.round} of seed ${seed}, with the labels they were given"></div>
<figcaption>${words} Shown: round ${shown.round}.</figcaption></figure>`;
}

function rightWords(record: RoundRecord | undefined): string {
  const right = record?.diagnostics.extraRight;
  return typeof right === 'number'
    ? ` In round ${record?.round} ${percent(right)} of their labels are the true ones.`
    : '';
}
