import { expect, test } from 'vitest';
import { z } from 'zod';
import { ClassifierConfig } from '../../src/classifiers/config.ts';

test('a kind alone stands for all its defaults', () => {
  expect(ClassifierConfig.parse({ kind: 'linear-svm' })).toEqual({
    kind: 'linear-svm',
    loss: 'hinge',
    C: 0.25,
    biasScale: 10,
    updates: 100_000,
  });
  expect(ClassifierConfig.parse({ kind: 'mlp' })).toMatchObject({ hidden: [128], updates: 1000, batch: 32 });
  expect(ClassifierConfig.parse({ kind: 'lenet' })).toMatchObject({ widths: [20, 50, 128], updates: 300 });
});

test('refuses unknown kinds, unknown keys, and values out of range, all at once', () => {
  expect(ClassifierConfig.safeParse({ kind: 'vgg19' }).success).toBe(false);
  const { error } = ClassifierConfig.safeParse({ kind: 'linear-svm', C: 0, updates: 1.5, gamma: 0.001 });
  expect(error?.issues.map(({ path, code }) => [path.join(), code])).toEqual([
    ['C', 'too_small'],
    ['updates', 'invalid_type'],
    ['', 'unrecognized_keys'],
  ]);
});

test('every field says what it is', () => {
  const schema = z.toJSONSchema(ClassifierConfig, { io: 'input' }) as {
    oneOf: { properties: Record<string, { description?: string }> }[];
  };
  expect(schema.oneOf).toHaveLength(6);
  for (const { properties } of schema.oneOf) {
    for (const [name, { description }] of Object.entries(properties)) expect(description, name).toBeTruthy();
  }
});
