import { setTimeout } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { Stopwatch } from '../../../src/acquisition/strategies/stopwatch.ts';

test('a phase within another counts once', async () => {
  const watch = new Stopwatch();
  const started = performance.now();
  await watch.time('matchMs', async () => {
    await setTimeout(20);
    await watch.time('scoreMs', () => setTimeout(60));
    await setTimeout(20);
  });
  await watch.time('generateMs', () => setTimeout(20));
  await watch.time('generateMs', () => setTimeout(20));
  const whole = performance.now() - started;
  const { generateMs, matchMs, scoreMs } = watch.times();
  expect(generateMs + matchMs + scoreMs).toBeLessThanOrEqual(whole);
  expect(generateMs + matchMs + scoreMs).toBeGreaterThan(135);
  expect(scoreMs).toBeGreaterThan(59);
  expect(matchMs).toBeGreaterThan(39);
});
