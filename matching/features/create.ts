/**
 * From a feature config to the feature map.
 */
import type { ImageShape } from '../../src/datasets/dataset.ts';
import type { Stream } from '../../src/random.ts';
import type { FeatureConfig } from './config.ts';
import type { FeatureMap } from './feature-map.ts';
import { autoencoderFeatures, discriminatorFeatures, type HashedGenerator } from './generator-features.ts';
import { fitPca } from './pca.ts';
import { type HashedClassifier, taskModelFeatures } from './task-model.ts';

/** What feature maps are made from; each kind needs a part of it. */
export interface FeatureResources {
  /** `pca`: the images to fit to. */
  readonly pool: {
    /** `[poolSize, height, width, channels]`, 0 to 255. */
    readonly bytes: Uint8Array;
    readonly shape: ImageShape;
    /** The unlabelled rows of `bytes`; no others are read. */
    readonly rows: readonly number[];
  };
  /** `pca`: the start of its iteration. */
  readonly stream: Stream;
  /** `autoencoder` and `discriminator`. */
  readonly generator?: HashedGenerator;
  /** `task-model`. */
  readonly classifier?: HashedClassifier;
}

/**
 * The map of a config. The caller disposes it; generator and classifier stay the caller's.
 *
 * @throws RangeError if what the kind needs is not given or lacks the capability, and as {@link fitPca}
 */
export async function createFeatureMap(
  config: FeatureConfig,
  { pool, stream, generator, classifier }: FeatureResources,
): Promise<FeatureMap> {
  switch (config.kind) {
    case 'pca':
      return fitPca(pool.bytes, pool.shape, pool.rows, { config, stream });
    case 'autoencoder':
      return autoencoderFeatures(given('generator', generator, config.kind), config);
    case 'discriminator':
      return discriminatorFeatures(given('generator', generator, config.kind), config);
    case 'task-model':
      return taskModelFeatures(given('classifier', classifier, config.kind), config);
  }
}

function given<T>(name: string, resource: T | undefined, kind: string): T {
  if (resource === undefined) {
    throw new RangeError(`createFeatureMap.${name}: expected one for ${kind} features, got none`);
  }
  return resource;
}
