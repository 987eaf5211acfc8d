/** That every model's updates run as graphs, which otherwise nobody would notice but by the time they take. */
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { standardCases } from '../../../bench/cases/all.ts';
import { selectBackend } from '../../../src/backend/backend.ts';
import { rootStream } from '../../../src/random.ts';
import { batchOf, EMA, fresh, withEma, ZOO } from '../../generators/zoo-cases.ts';
import { presentBackends } from '../present.ts';

interface Counts {
  getNumOfTFTensors(): number;
  getNumOfSavedModels(): number;
}

const graphs = () => (tf.backend() as unknown as Counts).getNumOfSavedModels();
const tensors = () => (tf.backend() as unknown as Counts).getNumOfTFTensors();

// Skipped where native TensorFlow was not installed with `genal backend install`.
describe.skipIf(!presentBackends.includes('tensorflow'))('on native TensorFlow', () => {
  beforeAll(async () => {
    await selectBackend('tensorflow');
  });

  test.each(ZOO)('$name takes its updates and its averaging as graphs, and frees them', (each) => {
    const before = [graphs(), tf.memory().numTensors, tensors()];
    const model = fresh(withEma(each, EMA));
    const batch = batchOf(each, model.batchesPerStep, rootStream(2));
    for (let step = 1; step <= 2; step++) tf.dispose({ ...model.step(batch, rootStream(3).of(step)) });
    const updates = each.config.kind === 'wgan-gp' ? 2 : 1;
    expect(graphs()).toBe((before[0] as number) + updates + 1);
    model.dispose();
    tf.dispose({ ...batch });
    expect([graphs(), tf.memory().numTensors, tensors()]).toEqual(before);
  });

  test.each(standardCases.filter(({ name }) => !/search|scoring/.test(name)))(
    'the benchmark $name is that of a graph',
    async ({ create }) => {
      const before = graphs();
      const running = create('tiny', rootStream(1));
      await running.step();
      expect(graphs()).toBe(before + 1);
      running.dispose();
      expect(graphs()).toBe(before);
    },
  );
});
