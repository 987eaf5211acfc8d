/**
 * What a generative model sees in an image, as features: the codes of its encoder, or a layer of its discriminator.
 *
 * Any model will do that has the capability, those of the zoo as well as layers models trained elsewhere.
 *
 * Source: Mayer and Timofte 2020, "Adversarial Sampling for Active Learning", which matches by both; for the pooled
 * discriminator Radford et al. 2016, section 5.1.
 * Differs: Radford et al. take all layers at once; here it is one, the last convolution unless another is named.
 */
import * as tf from '@tensorflow/tfjs';
import type { Generator } from '../../generators/generator.ts';
import type { AutoencoderFeatureConfig, DiscriminatorFeatureConfig } from './config.ts';
import type { FeatureMap } from './feature-map.ts';
import { poolMaps } from './map-pooling.ts';
import { featuresOfModel } from './model-features.ts';

/** A trained model and what tells it from others. */
export interface HashedGenerator {
  readonly generator: Generator;
  /** SHA-256 of its weights, in hex; `hashGeneratorFolder` gives that of a saved one. */
  readonly sha256: string;
}

/**
 * Bottleneck codes, `[n, latentSize]`, as features. The generator stays the caller's.
 *
 * @throws RangeError if the model cannot encode
 */
export function autoencoderFeatures(
  { generator, sha256 }: HashedGenerator,
  { normalise }: AutoencoderFeatureConfig,
): FeatureMap {
  if (generator.encode === undefined) {
    throw new RangeError(
      `autoencoderFeatures.generator: expected a model with encode, got ${generator.kind} without it`,
    );
  }
  const encode = generator.encode.bind(generator);
  return featuresOfModel({
    kind: 'autoencoder',
    shape: generator.shape,
    sha256,
    settings: [],
    normalise,
    activations: (images) => encode(images),
  });
}

/** A {@link FeatureMap} that knows its layer. */
export interface DiscriminatorFeatures extends FeatureMap {
  /** The layer in use, whether named or found. */
  readonly layer: string;
}

/**
 * Activations of one layer of the discriminator as features: maps pooled to `side x side` cells a channel, then
 * flattened; a layer of vectors as it is. The generator stays the caller's.
 *
 * @throws RangeError if the model has no discriminator with features, or no such layer
 */
export function discriminatorFeatures(
  { generator, sha256 }: HashedGenerator,
  { layer, pooling, normalise }: DiscriminatorFeatureConfig,
): DiscriminatorFeatures {
  const { features, discriminate, featureLayers } = generator;
  if (features === undefined || discriminate === undefined || featureLayers === undefined) {
    const missing = discriminate === undefined ? 'discriminate' : 'features';
    throw new RangeError(
      `discriminatorFeatures.generator: expected a model with discriminate and features, got ${generator.kind} ` +
        `without ${missing}`,
    );
  }
  if (layer !== null && !featureLayers.includes(layer)) {
    throw new RangeError(
      `discriminatorFeatures.layer: expected one of ${featureLayers.join(', ')}, got ${layer}`,
    );
  }
  const activations = features.bind(generator);
  const chosen = layer ?? lastMaps(generator, featureLayers, activations);
  const map = featuresOfModel({
    kind: 'discriminator',
    shape: generator.shape,
    sha256,
    settings: [chosen, pooling.kind, pooling.kind === 'flat' ? null : pooling.side],
    normalise,
    activations: (images) => {
      const values = activations(images, chosen);
      return pooling.kind === 'flat' || values.rank === 2
        ? values
        : poolMaps(values as tf.Tensor4D, pooling.kind, pooling.side);
    },
  });
  return { ...map, layer: chosen };
}

/**
 * The last layer of maps; if there is none, the last of vectors. Layers of a single value an image, which are the
 * score itself, are passed over.
 */
function lastMaps(
  { kind, shape }: Generator,
  layers: readonly string[],
  activations: NonNullable<Generator['features']>,
): string {
  const sizes = tf.tidy(() => {
    const image = tf.zeros<tf.Rank.R4>([1, ...shape]);
    return layers.map((layer) => activations(image, layer).shape);
  });
  const isLarger = (_: string, i: number) => tf.util.sizeFromShape(sizes[i] as number[]) > 1;
  const isMaps = (layer: string, i: number) => isLarger(layer, i) && sizes[i]?.length === 4;
  const found = layers.findLast(isMaps) ?? layers.findLast(isLarger);
  if (found === undefined) {
    throw new RangeError(
      `discriminatorFeatures.generator: expected a layer of more than one value, got none in ${kind}`,
    );
  }
  return found;
}
