import { beforeAll, expect, test } from 'vitest';
import { selectBackend } from '../../src/backend/backend.ts';
import { ClassifierConfig } from '../../src/classifiers/config.ts';
import { accuracy } from '../../src/classifiers/predict.ts';
import { trainClassifier } from '../../src/classifiers/train.ts';
import { DIGITS_SHAPE, drawDigits } from '../../src/datasets/digits.ts';
import { rootStream } from '../../src/random.ts';

const root = rootStream(1);
const labelled = drawDigits(300, root.of('train'));
const unseen = drawDigits(500, root.of('test'));

beforeAll(() => selectBackend('wasm'));

// Ten classes, 30 labels each, accuracy on unseen images of the same procedure. Chance is 0.1.
test.each([
  { config: { kind: 'lenet', updates: 40 }, atLeast: 0.9 },
  { config: { kind: 'mlp', updates: 300 }, atLeast: 0.88 },
  { config: { kind: 'linear-svm', updates: 30_000 }, atLeast: 0.85 },
])('$config.kind learns the digits from 300 labels', async ({ config, atLeast }) => {
  const classifier = await trainClassifier(ClassifierConfig.parse(config), labelled, {
    shape: DIGITS_SHAPE,
    classes: 10,
    weights: root.of('weights'),
    order: root.of('order'),
  });
  const share = await accuracy(classifier, unseen);
  classifier.dispose();
  expect(share).toBeGreaterThan(atLeast);
});
