/**
 * A whole latent search as GAAL makes it: 50 latents, 100 gradient steps through a frozen DCGAN to the boundary of a
 * linear classifier.
 */

import { Dcgan } from '../../generators/dcgan.ts';
import { DcganConfig } from '../../generators/dcgan-config.ts';
import { createDcganNetwork, dcganShapes } from '../../generators/dcgan-networks.ts';
import { LinearSvmConfig } from '../../src/classifiers/config.ts';
import { linearSvm } from '../../src/classifiers/linear-svm.ts';
import { imageSize } from '../../src/datasets/dataset.ts';
import { searchLatents } from '../../src/queries/latent-search.ts';
import type { Stream } from '../../src/random.ts';
import type { CaseSize, StepCase } from './case.ts';
import { dcganConvolutions } from './dcgan.ts';

const CLASSES = 2;

interface Sizes {
  readonly side: number;
  readonly channels: number[];
  readonly queries: number;
  readonly steps: number;
}

function sizes(size: CaseSize): Sizes {
  return size === 'full'
    ? { side: 28, channels: [128, 64], queries: 50, steps: 100 }
    : { side: 8, channels: [4, 3], queries: 5, steps: 3 };
}

export const latentSearch: StepCase = {
  name: 'latent-search',
  describe: (size) => {
    const { side, queries, steps } = sizes(size);
    return `${queries} latents, ${steps} steps through a DCGAN ${side} x ${side} and a linear classifier`;
  },
  create: (size, stream) => {
    const { side, channels, queries, steps } = sizes(size);
    const shape = [side, side, 1] as const;
    const { latentSize } = DcganConfig.parse({ kind: 'dcgan' });
    const architecture = { latentSize, channels, shape };
    const shapes = dcganShapes(architecture);
    const generator = new Dcgan(architecture, {
      generator: createDcganNetwork(shapes.generator, stream.of('generator')),
      discriminator: createDcganNetwork(shapes.discriminator, stream.of('discriminator')),
    });
    const classifier = randomLinear(shape, stream.of('classifier'));
    return {
      gflop: searchFlop({ latentSize, ...sizes(size) }) / 1e9,
      step: async () => {
        const found = await searchLatents(generator, classifier, stream.of('search'), {
          queries,
          steps,
          restarts: 1,
        });
        const { latents, objectiveStart, objectiveEnd } = found;
        return { latents, objectiveStart, objectiveEnd };
      },
      variables: {},
      optimisers: {},
      dispose: () => {
        generator.dispose();
        classifier.dispose();
      },
    };
  },
};

function randomLinear(shape: readonly [number, number, number], stream: Stream) {
  const weights = stream.normals(imageSize(shape) * CLASSES);
  const report = { labels: 0, updates: 0, objective: 0, dualityGap: 0 };
  const config = LinearSvmConfig.parse({ kind: 'linear-svm' });
  return linearSvm(config, report, shape, weights, new Float32Array(CLASSES));
}

/**
 * Useful operations of a search: a pass through generator and classifier for each step, one more for the last point,
 * two to judge the first and the best, and for each step the same again for the gradient by inputs. No gradient of
 * a weight is wanted.
 */
export function searchFlop({ side, channels, queries, steps, latentSize }: Sizes & { latentSize: number }) {
  const convolutions = dcganConvolutions({ batch: queries, channels }, [side, side, 1]);
  const features = (side / 2 ** channels.length) ** 2 * (channels[0] as number);
  const dense = 2 * queries * (latentSize * features + side * side * CLASSES);
  const pass = dense + convolutions.reduce((sum, flop) => sum + flop, 0);
  return (2 * steps + 3) * pass;
}
