/**
 * Farthest images of every class in the latents of M2.
 *
 *     anchors A_c     labelled images of class c that M2 classifies rightly
 *     candidates U_c  unlabelled images whose likeliest class is c
 *     until the batch is full, for one class c after the other:
 *         take x = argmax over U_c of the sum over a in A_c of |z(x) - z(a)|;   U_c loses x, A_c gains it
 *
 * `z(x)` is the mean of `q(z|x, y)` at the image's likeliest class. Where a class has no anchor, all its candidates are equally
 * far, and the first is drawn. A class without candidates is passed over. Which class begins is drawn.
 */
import type { Strategy } from '../src/acquisition/strategy.ts';
import type { Stream } from '../src/random.ts';
import { checkInteger } from '../src/shapes.ts';
import { anchorFigures } from './anchor-figures.ts';
import { anchorsByClass, latentDistance, summedDistances } from './anchors.ts';
import { bestRow } from './best-row.ts';
import { createFromM2 } from './from-m2.ts';
import type { M2Table } from './round-m2.ts';
import type { RoundM2Config } from './round-m2-config.ts';

/**
 * `count` rows of the table, in the order they are taken.
 *
 * Cost: for each row taken, a distance to every candidate left of its class.
 *
 * @param sums `[n]`: {@link summedDistances} before the batch; brought up to date
 * @param stream `classes` and `ties` below it are drawn from
 * @throws RangeError if there are fewer rows than asked for
 */
export function farthestByClass(table: M2Table, sums: Float64Array, count: number, stream: Stream): number[] {
  checkInteger('farthestByClass.count', count, 1);
  if (count > table.n)
    throw new RangeError(`farthestByClass.count: expected at most ${table.n}, got ${count}`);
  const tieBreak = stream.of('ties').permutation(table.n);
  const turns = stream.of('classes').permutation(table.classes);
  const left = Array.from({ length: table.classes }, () => new Set<number>());
  table.predicted.forEach((predicted, row) => {
    left[predicted]?.add(row);
  });
  const taken: number[] = [];
  for (let turn = 0; taken.length < count; turn++) {
    const candidates = left[turns[turn % turns.length] as number] as Set<number>;
    const row = bestRow(candidates, sums, tieBreak);
    if (row < 0) continue;
    candidates.delete(row);
    taken.push(row);
    for (const other of candidates)
      sums[other] = (sums[other] as number) + latentDistance(table, other, table, row);
  }
  return taken;
}

/** A strategy that takes {@link farthestByClass}; diagnostics of {@link anchorFigures}. */
export function createM2Farthest(options: RoundM2Config): Strategy {
  return createFromM2(options, async ({ labelled, batch, stream }, tables) => {
    const anchors = anchorsByClass(tables.labelled, labelled.labels);
    const sums = summedDistances(tables.pool, tables.labelled, anchors);
    const before = sums.slice();
    const rows = farthestByClass(tables.pool, sums, batch, stream);
    return { rows, diagnostics: anchorFigures(tables.pool, before, anchors, rows) };
  });
}
