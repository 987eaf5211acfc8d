import { beforeAll, expect, test } from 'vitest';
import { selectBackend } from '../../src/backend/backend.ts';
import { MlpConfig } from '../../src/classifiers/config.ts';
import { trainClassifier } from '../../src/classifiers/train.ts';
import { rootStream } from '../../src/random.ts';

beforeAll(() => selectBackend('cpu'));

test('a network keeps the weights of its last step, though those of an earlier one lost less', async () => {
  const labels = Uint8Array.from({ length: 12 }, (_, row) => row % 2);
  const draws = rootStream(3);
  const images = Uint8Array.from({ length: 12 * 16 }, () => draws.integer(256));
  const train = async (updates: number) => {
    // So large a step goes beyond the minimum and comes back.
    const config = MlpConfig.parse({ kind: 'mlp', hidden: [3], updates, batch: 12, learningRate: 2 });
    const losses: number[] = [];
    const classifier = await trainClassifier(
      config,
      { images, labels, n: 12 },
      {
        shape: [4, 4, 1],
        classes: 2,
        weights: rootStream(1),
        order: rootStream(2),
        onProgress: ({ objective }) => void losses.push(objective),
      },
    );
    const weights = new Map<string, Float32Array>();
    for (const [name, tensor] of classifier.weights()) {
      weights.set(name, await tensor.data<'float32'>());
    }
    classifier.dispose();
    return { losses, weights, objective: classifier.training.objective };
  };
  const { losses, weights, objective } = await train(10);
  expect(losses).toHaveLength(10);
  expect(objective).toBe(losses.at(-1));
  const best = losses.indexOf(Math.min(...losses));
  expect(losses[best]).toBeLessThan(objective - 1e-3);
  // The loss of a step is that of the weights before it: `best` steps lost least, and the next is told of with that loss.
  for (const updates of [best, best + 1]) {
    const earlier = await train(updates);
    expect(earlier.losses).toEqual(losses.slice(0, updates));
    expect(earlier.weights).not.toEqual(weights);
  }
});
