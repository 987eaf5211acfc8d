/**
 * GAAL: the queries are images that the generator synthesises on the task model's decision boundary. They are
 * labelled and trained on themselves; no pool image is bought.
 *
 * Source: Zhu and Bento 2017, "Generative Adversarial Active Learning" (arXiv:1702.07956).
 * What differs from it: see `../../queries/latent-search.ts`.
 */
import type { Generator } from '../../../generators/generator.ts';
import type { GaalConfig } from '../../queries/config.ts';
import { searchDiagnostics } from '../../queries/diagnostics.ts';
import { searchLatents } from '../../queries/latent-search.ts';
import type { Strategy } from '../strategy.ts';

export interface GaalResources {
  /** Trained on images of the pool's shape. It stays the caller's. */
  readonly generator: Generator;
}

/**
 * A strategy whose every selection is `batch` synthesised images, with the figures of `SearchDiagnostics`.
 * `select` throws a RangeError if the generator's images have another shape than the pool's.
 */
export function createGaal(options: GaalConfig, { generator }: GaalResources): Strategy {
  return {
    select: async ({ batch, classifier, pool, stream }) => {
      if (generator.shape.some((size, axis) => size !== pool.shape[axis])) {
        throw new RangeError(
          `createGaal.generator: expected images [${pool.shape.join(', ')}] as in the pool, got ` +
            `[${generator.shape.join(', ')}]`,
        );
      }
      const { objective, steps, restarts, learningRate, prior, priorWidth, diversityWeight, tolerance } =
        options;
      const search = await searchLatents(generator, classifier, stream, {
        queries: batch,
        objective,
        steps,
        restarts,
        learningRate,
        prior,
        priorWidth,
        diversityWeight,
      });
      const { shape, classes } = pool;
      const diagnostics = { ...searchDiagnostics(search, { shape, classes, tolerance }) };
      return { kind: 'synthesised', images: search.images, diagnostics };
    },
  };
}
