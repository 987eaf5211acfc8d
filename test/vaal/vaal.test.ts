import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { lowest } from '../../src/acquisition/ranking.ts';
import type { Round, Selection } from '../../src/acquisition/strategy.ts';
import { selectBackend } from '../../src/backend/backend.ts';
import { rootStream } from '../../src/random.ts';
import { holdOut, splitRows, unlabelledRows } from '../../vaal/image-rows.ts';
import { createVaal } from '../../vaal/vaal.ts';
import type { VaalConfig } from '../../vaal/vaal-config.ts';
import { trainVaal } from '../../vaal/vaal-model.ts';
import { errorOf, inTurn, modeImages, roundOf, SHAPE, small } from './toy-pool.ts';

beforeAll(() => selectBackend('cpu'));

async function select(round: Round, config: VaalConfig = small()) {
  return (await createVaal(config).select(round)) as Extract<Selection, { kind: 'pool' }>;
}

describe('VAAL', () => {
  test('buys from the mode that was never labelled', async () => {
    const modes = inTurn(200, [0, 1, 0, 1, 3]);
    const { rows } = await select(roundOf(inTurn(40, [0, 1]), modes, { batch: 20 }));
    expect(new Set(rows).size).toBe(20);
    expect(rows.filter((row) => modes[(row - 1) / 2] === 3).length).toBeGreaterThanOrEqual(18);
  });

  test('tells pools of different modes apart, on images that it was not trained on', async () => {
    const round = roundOf(inTurn(60, [0, 1]), inTurn(60, [2, 3]));
    const { diagnostics } = await select(round, small({ heldOut: 0.3 }));
    expect(diagnostics).toMatchObject({ heldOutLabelled: 18, heldOutUnlabelled: 18, cannotTellApart: 0 });
    expect(diagnostics.discriminatorAuc).toBeGreaterThan(0.95);
    expect(diagnostics.discriminatorLoss).toBeLessThan(0.5 * Math.LN2);
  });

  test('cannot tell pools of the same modes apart, and says so', async () => {
    const round = roundOf(inTurn(1600, [0, 1, 2]), inTurn(1600, [0, 1, 2]));
    const { diagnostics } = await select(round, small({ heldOut: 0.5, steps: 60 }));
    expect(Math.abs((diagnostics.discriminatorAuc as number) - 0.5)).toBeLessThan(0.05);
    expect(diagnostics.cannotTellApart).toBe(1);
  });

  test('with the pools exchanged buys what it left before', async () => {
    const known = inTurn(60, [0, 1]);
    const other = inTurn(60, [2, 3]);
    const model = async (labelled: readonly number[], unlabelled: readonly number[]) => {
      const rows = (modes: readonly number[], name: string) => {
        const images = splitRows(
          { images: modeImages(modes, name), labels: new Uint8Array(), n: modes.length },
          SHAPE,
        );
        return { images, rows: modes.map((_, row) => row), labels: new Uint8Array() };
      };
      const images = { shape: SHAPE, labelled: rows(labelled, 'a'), unlabelled: rows(unlabelled, 'b') };
      const trained = await trainVaal(small(), images, rootStream(2));
      const both = rows([...known, ...other], 'c');
      const logits = await trained.logits(both.images, both.rows, rootStream(3));
      trained.dispose();
      return lowest(logits, 50, rootStream(4)).map((row) => Number(row >= 60));
    };
    const count = (picked: number[]) => picked.reduce((sum, of) => sum + of, 0);
    expect(count(await model(known, other))).toBeGreaterThanOrEqual(48);
    expect(count(await model(other, known))).toBeLessThanOrEqual(2);
  });

  test('buys exactly the batch, of the candidates alone, ties at random but repeatably', async () => {
    // All images are alike, so all scores are.
    const round = (seed: number) => {
      const one = roundOf([0, 0], inTurn(30, [0]), { batch: 7, seed });
      return {
        ...one,
        pool: { ...one.pool, bytes: (rows: readonly number[]) => new Uint8Array(16 * rows.length) },
      };
    };
    const config = small({ steps: 2 });
    const { rows } = await select(round(1), config);
    expect(new Set(rows).size).toBe(7);
    expect(rows.every((row) => round(1).pool.candidates.includes(row))).toBe(true);
    expect((await select(round(1), config)).rows).toEqual(rows);
    expect((await select(round(2), config)).rows).not.toEqual(rows);
    expect(rows).not.toEqual(round(1).pool.candidates.slice(0, 7));
  });

  test('asked again says the same, to the last bit', async () => {
    const config = small({ steps: 6, heldOut: 0.2 });
    const ask = async () => {
      const { times, ...rest } = await select(roundOf(inTurn(20, [0, 1]), inTurn(40, [0, 1, 2])), config);
      expect(times?.scoreMs).toBeGreaterThan(0);
      expect(times?.diagnosticsMs).toBeGreaterThan(0);
      expect(times).toMatchObject({ generateMs: 0, matchMs: 0 });
      return rest;
    };
    expect(await ask()).toEqual(await ask());
  });

  test('tells figures that there are, and null for those that nothing was held out for', async () => {
    const round = roundOf(inTurn(20, [0, 1]), inTurn(40, [0, 1, 2]));
    const { diagnostics } = await select(round, small({ steps: 3, heldOut: 0.2 }));
    expect(diagnostics).toMatchObject({ heldOutLabelled: 4, heldOutUnlabelled: 8, overlapChance: 0.25 });
    expect(diagnostics.divergencePerUnit).toHaveLength(4);
    const perUnit = diagnostics.divergencePerUnit as number[];
    expect(diagnostics.divergence).toBeCloseTo(
      perUnit.reduce((sum, value) => sum + value, 0),
      10,
    );
    const histogram = diagnostics.scoreHistogram as number[];
    expect(histogram.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 12);
    const quantiles = diagnostics.scoreQuantiles as number[];
    expect(quantiles).toEqual([...quantiles].sort((a, b) => a - b));
    for (const name of ['scoreHistogramLabelled', 'scoreHistogramSelected']) {
      const shares = diagnostics[name] as number[];
      expect(shares, name).toHaveLength(10);
      expect(
        shares.reduce((sum, share) => sum + share, 0),
        name,
      ).toBeCloseTo(1, 12);
    }
    // Those bought lie at the low end of all.
    const first = (name: string) => (diagnostics[name] as number[]).findIndex((share) => share > 0);
    expect(first('scoreHistogramSelected')).toBe(first('scoreHistogram'));
    expect(diagnostics).toMatchObject({ saturatedShare: 0, tiedShare: 0 });
    const none = (await select(round, small({ steps: 3, heldOut: 0 }))).diagnostics;
    for (const name of [
      'discriminatorAuc',
      'discriminatorLoss',
      'cannotTellApart',
      'reconstruction',
      'activeUnits',
      'scoreHistogramLabelled',
    ]) {
      expect(diagnostics[name], name).not.toBeNull();
      expect(none[name], name).toBeNull();
    }
  });

  test('chooses what a bare training and scoring would, whatever is told beside', async () => {
    const round = roundOf(inTurn(20, [0, 1]), inTurn(40, [0, 1, 2]));
    const config = small({ steps: 6, heldOut: 0.2 });
    const known = splitRows(round.labelled, SHAPE);
    const unknown = unlabelledRows(round.pool);
    const { stream } = round;
    const model = await trainVaal(
      config,
      {
        shape: SHAPE,
        labelled: {
          images: known,
          rows: holdOut(20, 0.2, stream.of('held out', 'labelled')).trained,
          labels: round.labelled.labels,
        },
        unlabelled: { images: unknown, rows: holdOut(40, 0.2, stream.of('held out', 'unlabelled')).trained },
      },
      stream,
    );
    const every = round.pool.candidates.map((_, row) => row);
    const logits = await model.logits(unknown, every, stream.of('scores'));
    model.dispose();
    const bare = lowest(logits, round.batch, stream.of('ties')).map((row) => round.pool.candidates[row]);
    expect((await select(round, config)).rows).toEqual(bare);
  });

  test('shows images of both pools beside what the autoencoder makes of them', async () => {
    const round = roundOf(inTurn(60, [0, 1]), inTurn(100, [0, 1, 2]));
    const seen = async (options: object) => (await select(round, small(options))).reconstructions!;
    const { labelled, unlabelled } = await seen({ steps: 300, heldOut: 0.2 });
    for (const shown of [labelled, unlabelled]) {
      const { images, heldOut } = shown;
      expect(heldOut).toBe(true);
      expect(images).toHaveLength(160);
      const mean = images.reduce((sum, value) => sum + value, 0) / images.length;
      expect(errorOf(shown)).toBeLessThan(0.5 * errorOf({ ...shown, decoded: images.map(() => mean) }));
    }
    expect((await seen({ steps: 1, heldOut: 0 })).labelled).toMatchObject({ heldOut: false });
    const few = roundOf([0, 1, 0], inTurn(40, [0, 1]));
    expect((await select(few, small({ steps: 1 }))).reconstructions?.labelled.images).toHaveLength(48);
  });

  test('leaves no tensors behind, nor when it fails', async () => {
    const round = roundOf(inTurn(20, [0, 1]), inTurn(40, [0, 1, 2]));
    const before = tf.memory().numTensors;
    await select(round, small({ steps: 3, discriminatorSteps: 2 }));
    await select(round, small({ steps: 3, faithful: { flips: true, batchNormScoring: true } }));
    await expect(select(round, small({ steps: 50, learningRate: 1e30 }))).rejects.toThrow(
      'trainVaal, autoencoder: expected a finite loss, got NaN in step 50',
    );
    expect(tf.memory().numTensors).toBe(before);
  });

  test('names what is missing', async () => {
    const config = small({ steps: 1 });
    await expect(select(roundOf([], inTurn(40, [0]))).then(() => {})).rejects.toThrow(
      'trainVaal.images.labelled: expected at least one image, got none',
    );
    await expect(select(roundOf([0], [0, 1]), config)).rejects.toThrow(
      'selectLeastLabelled.round: expected at least 10 candidates, got 2',
    );
  });
});
