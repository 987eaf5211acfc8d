import { expect, test } from 'vitest';
import { dcganFlop } from '../../bench/cases/dcgan.ts';

test('counts every convolution and dense layer of a DCGAN step by hand', () => {
  // One level, one filter, 2x2 images: the convolution is 2 * 1 * 1 * 25 = 50 operations, each dense layer of the
  // single feature and 3 latents 2 * 3 and 2 * 1.
  const [convolution, dense, logit] = [50, 6, 2];
  const generator = 3 * convolution + 2 * dense;
  const discriminatorUpdate = 2 * (2 * convolution + 3 * logit);
  const throughDiscriminator = 2 * (convolution + logit);
  expect(dcganFlop({ batch: 1, latentSize: 3, channels: [1] }, [2, 2, 1])).toBe(
    generator + discriminatorUpdate + throughDiscriminator,
  );
});

test('is 14.7 GFLOP for the default network', () => {
  const flop = dcganFlop({ batch: 64, latentSize: 100, channels: [128, 64] }, [28, 28, 1]);
  expect(flop / 1e9).toBeCloseTo(14.66, 2);
});
