/** Searches one after another on native TensorFlow, where the graph of one is kept for the next. */
import * as tf from '@tensorflow/tfjs';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Dcgan } from '../../generators/dcgan.ts';
import { createDcganNetwork, dcganShapes } from '../../generators/dcgan-networks.ts';
import { selectBackend } from '../../src/backend/backend.ts';
import { freeIdleSessions } from '../../src/backend/native-graph/session-pool.ts';
import type { Classifier } from '../../src/classifiers/classifier.ts';
import { LinearSvmConfig } from '../../src/classifiers/config.ts';
import { linearSvm } from '../../src/classifiers/linear-svm.ts';
import { type ImageShape, imageSize } from '../../src/datasets/dataset.ts';
import { type SearchOptions, searchLatents } from '../../src/queries/latent-search.ts';
import { rootStream } from '../../src/random.ts';
import { presentBackends } from '../backend/present.ts';
import { linearClassifier } from './toys.ts';

const SHAPE: ImageShape = [4, 4, 2];
const OPTIONS: SearchOptions = { queries: 3, steps: 5, restarts: 2 };
const stream = rootStream(8);

/** An untrained DCGAN, its weights large enough for images to differ. */
function generatorOf(seed: number): Dcgan {
  const architecture = { latentSize: 6, channels: [4], shape: SHAPE };
  const shapes = dcganShapes(architecture);
  const generator = createDcganNetwork(shapes.generator, rootStream(seed).of('generator'));
  for (const variable of Object.values(generator.weights)) {
    tf.tidy(() => variable.assign(tf.mul(variable, 10)));
  }
  const discriminator = createDcganNetwork(shapes.discriminator, rootStream(seed).of('discriminator'));
  return new Dcgan(architecture, { generator, discriminator });
}

const weightsOf = (seed: number) =>
  rootStream(seed)
    .of('classifier')
    .normals(imageSize(SHAPE) * 3);
const REPORT = { labels: 0, updates: 0, objective: 0, dualityGap: 0 };
const CONFIG = LinearSvmConfig.parse({ kind: 'linear-svm' });

/** Classifiers of one architecture that differ in their weights: as tensors, as variables, as numbers of JavaScript. */
const CLASSIFIERS: Readonly<Record<string, (seed: number) => Classifier>> = {
  tensors: (seed) => linearSvm(CONFIG, REPORT, SHAPE, weightsOf(seed), Float32Array.of(0, 0.1, 0.2)),
  variables: (seed) => linearClassifier(weightsOf(seed), [0, 0.1, 0.2], SHAPE),
  numbers: (seed) => {
    const classifier = linearClassifier(weightsOf(1), [0, 0.1, 0.2], SHAPE);
    const factors = rootStream(seed).of('factors').uniforms(3);
    return {
      ...classifier,
      scores: (images) =>
        tf.tidy(() => tf.mul(classifier.scores(images), tf.tensor1d([...factors])) as tf.Tensor2D),
    };
  },
};

const counts = () => {
  const engine = tf.backend() as unknown as { getNumOfTFTensors(): number; getNumOfSavedModels(): number };
  return {
    tensors: tf.memory().numTensors,
    native: engine.getNumOfTFTensors(),
    graphs: engine.getNumOfSavedModels(),
  };
};

// Skipped where native TensorFlow was not installed with `genal backend install`.
describe.skipIf(!presentBackends.includes('tensorflow'))('a search after another', () => {
  let before: ReturnType<typeof counts>;
  let open: { dispose(): void }[];
  const opened = <T extends { dispose(): void }>(thing: T): T => {
    open.push(thing);
    return thing;
  };
  const graphs = () => counts().graphs - before.graphs;
  const search = (generator: Dcgan, classifier: Classifier, options: SearchOptions = OPTIONS) =>
    searchLatents(generator, classifier, stream, options);
  /** With a graph of its own. */
  const freshSearch: typeof search = (...words) => {
    freeIdleSessions();
    return search(...words);
  };

  beforeAll(async () => {
    await selectBackend('tensorflow');
  });

  beforeEach(() => {
    open = [];
    before = counts();
  });

  afterEach(() => {
    for (const thing of open) thing.dispose();
    freeIdleSessions();
    expect(counts()).toEqual(before);
  });

  test.each(Object.entries(CLASSIFIERS))(
    'finds what it would have found alone, with other weights as %s and another generator',
    async (kind, create) => {
      const [first, second] = [opened(generatorOf(1)), opened(generatorOf(2))];
      const [a, b] = [opened(create(1)), opened(create(2))];
      const alone = [
        await freshSearch(first, a),
        await freshSearch(first, b),
        await freshSearch(second, b),
      ] as const;
      freeIdleSessions();
      expect(await search(first, a)).toEqual(alone[0]);
      expect(graphs()).toBe(1);
      expect(await search(first, b)).toEqual(alone[1]);
      expect(await search(second, b)).toEqual(alone[2]);
      expect(await search(first, a)).toEqual(alone[0]);
      // Numbers of JavaScript are part of the graph; tensors are not.
      expect(graphs()).toBe(kind === 'numbers' ? 2 : 1);
      for (const [one, other] of [[0, 1] as const, [1, 2] as const]) {
        expect(alone[one].latents).not.toEqual(alone[other].latents);
      }
    },
  );

  test('follows weights that are changed in place', async () => {
    const generator = opened(generatorOf(1));
    const [a, b] = [1, 2].map((seed) => opened(linearClassifier(weightsOf(seed), [0, 0.1, 0.2], SHAPE)));
    const alone = await freshSearch(generator, b!);
    await search(generator, a!);
    a!.variables.forEach((variable, i) => {
      variable.assign(b!.variables[i] as tf.Tensor);
    });
    expect(await search(generator, a!)).toEqual(alone);
    expect(graphs()).toBe(1);
  });

  test('has a graph of its own while the other still runs', async () => {
    const generator = opened(generatorOf(1));
    const [a, b] = [opened(CLASSIFIERS.tensors!(1)), opened(CLASSIFIERS.tensors!(2))];
    const alone = [await freshSearch(generator, a), await freshSearch(generator, b)];
    freeIdleSessions();
    expect(await Promise.all([search(generator, a), search(generator, b)])).toEqual(alone);
    expect(graphs()).toBe(2);
    expect(await Promise.all([search(generator, a), search(generator, b)])).toEqual(alone);
    expect(graphs()).toBe(2);
  });

  test('keeps four graphs at most', async () => {
    const [generator, classifier] = [opened(generatorOf(1)), opened(CLASSIFIERS.tensors!(1))];
    for (let queries = 1; queries <= 6; queries++) {
      await search(generator, classifier, { queries, steps: 1, restarts: 1 });
    }
    expect(graphs()).toBe(4);
  });
});
