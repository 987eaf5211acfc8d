/**
 * A generator that somebody trained with TensorFlow.js layers, as a model of ours: `[n, latentSize]` in, images out.
 *
 * Every pass is in inference mode, so that batch norms take their moving statistics and change nothing.
 */
import * as tf from '@tensorflow/tfjs';
import type { ImageShape } from '../src/datasets/dataset.ts';
import { checkShape } from '../src/shapes.ts';
import type { Generator } from './generator.ts';
import {
  type LayersFiles,
  type LayersFolder,
  type LayersOptions,
  SIDE_MODELS,
} from './layers-model-files.ts';

/** The generator itself and the models beside it. */
type LayersModels = { readonly generator: tf.LayersModel } & {
  readonly [Side in (typeof SIDE_MODELS)[number]]?: tf.LayersModel;
};

/** A layers model in inference mode. Disposing it frees all its models. */
export class LayersGenerator implements Generator {
  readonly kind = 'layers-model';
  readonly prior = 'normal';
  readonly latentSize: number;
  readonly shape: ImageShape;
  /** The discriminator's layers that give one vector or one stack of maps an image. */
  readonly featureLayers?: readonly string[];
  /** The discriminator's scores `[n]`: logits or probabilities, as it was built. */
  readonly discriminate?: (images: tf.Tensor4D) => tf.Tensor1D;
  readonly features?: (images: tf.Tensor4D, layer: string) => tf.Tensor2D | tf.Tensor4D;
  readonly classify?: (images: tf.Tensor4D) => tf.Tensor2D;
  readonly encode?: (images: tf.Tensor4D) => tf.Tensor2D;
  readonly #models: LayersModels;
  readonly #isUnit: boolean;

  /**
   * @param models stay the caller's if this throws
   * @throws RangeError if inputs and outputs of the models are not what they should be
   */
  constructor(models: LayersModels, range: LayersOptions['range']) {
    const [latentSize] = sidesOf('generator', 'input', models.generator.inputs, 1);
    const shape = sidesOf('generator', 'output', models.generator.outputs, 3);
    this.latentSize = latentSize as number;
    this.shape = shape as unknown as ImageShape;
    this.#models = models;
    this.#isUnit = range[0] === 0;
    const { discriminator, classifier, encoder } = models;
    if (discriminator) {
      this.#checkSide('discriminator', discriminator, 1);
      this.discriminate = (images) =>
        tf.tidy(() => tf.reshape(this.#ofImages('discriminate', discriminator, images), [-1]) as tf.Tensor1D);
      const layers = featureLayersOf(discriminator);
      this.featureLayers = [...layers.keys()];
      this.features = (images, layer) => {
        const ending = layers.get(layer);
        if (ending === undefined) {
          throw new RangeError(
            `features.layer: expected one of ${[...layers.keys()].join(', ')}, got ${layer}`,
          );
        }
        return this.#ofImages('features', ending(), images) as tf.Tensor2D | tf.Tensor4D;
      };
    }
    if (classifier) {
      this.#checkSide('classifier', classifier);
      this.classify = (images) => this.#ofImages('classify', classifier, images) as tf.Tensor2D;
    }
    if (encoder) {
      this.#checkSide('encoder', encoder, this.latentSize);
      this.encode = (images) => this.#ofImages('encode', encoder, images) as tf.Tensor2D;
    }
  }

  generate(latents: tf.Tensor2D): tf.Tensor4D {
    checkShape('LayersGenerator.generate.latents', latents, [null, this.latentSize]);
    return tf.tidy(() => {
      const images = infer(this.#models.generator, latents);
      return (this.#isUnit ? tf.sub(tf.mul(images, 2), 1) : images) as tf.Tensor4D;
    });
  }

  dispose(): void {
    disposeModels(this.#models);
  }

  /** Output of a model for images in [-1, 1], brought into its own range first. */
  #ofImages(what: string, model: tf.LayersModel, images: tf.Tensor4D): tf.Tensor {
    checkShape(`LayersGenerator.${what}.images`, images, [null, ...this.shape]);
    return tf.tidy(() => infer(model, this.#isUnit ? tf.mul(tf.add(images, 1), 0.5) : images));
  }

  #checkSide(name: string, model: tf.LayersModel, outputs?: number): void {
    const input = sidesOf(name, 'input', model.inputs, 3);
    if (!tf.util.arraysEqual([...input], [...this.shape])) {
      throw new RangeError(
        `${name}: expected input [null, ${this.shape.join(', ')}], the generator's images, got [null, ${input.join(', ')}]`,
      );
    }
    const [got] = sidesOf(name, 'output', model.outputs, 1);
    if (outputs !== undefined && got !== outputs) {
      throw new RangeError(`${name}: expected output [null, ${outputs}], got [null, ${got}]`);
    }
  }
}

/**
 * The generator of a folder of layers models. The caller disposes it.
 *
 * @throws RangeError if TensorFlow.js cannot build a model, or its inputs and outputs are not what they should be
 */
export async function openLayersModel(folder: LayersFolder): Promise<LayersGenerator> {
  const { options, generator, sides } = folder;
  const models: Partial<Record<keyof LayersModels, tf.LayersModel>> = {};
  try {
    models.generator = await buildModel(generator);
    for (const side of SIDE_MODELS) {
      const files = sides[side];
      if (files) models[side] = await buildModel(files);
    }
    return new LayersGenerator(models as LayersModels, options.range);
  } catch (error) {
    disposeModels(models);
    throw error;
  }
}

async function buildModel({ file, artifacts }: LayersFiles): Promise<tf.LayersModel> {
  try {
    return await tf.loadLayersModel(tf.io.fromMemory(artifacts));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new RangeError(`${file}: expected a model that TensorFlow.js can build: ${reason}`, {
      cause: error,
    });
  }
}

function infer(model: tf.LayersModel, inputs: tf.Tensor): tf.Tensor {
  return model.apply(inputs, { training: false }) as tf.Tensor;
}

function disposeModels(models: Partial<LayersModels>): void {
  for (const model of Object.values(models)) model.dispose();
}

/**
 * For each layer of a model that has one output, `[n, size]` or `[n, height, width, size]`, the model that ends there.
 * They share the layers, so they are not disposed.
 */
function featureLayersOf(model: tf.LayersModel): Map<string, () => tf.LayersModel> {
  const inputs = new Set(model.inputs.map(({ sourceLayer }) => sourceLayer));
  const layers = model.layers.filter((layer) => {
    if (inputs.has(layer) || layer.inboundNodes.length !== 1) return false;
    return !Array.isArray(layer.output) && [2, 4].includes(layer.output.rank);
  });
  return new Map(
    layers.map((layer) => {
      let ending: tf.LayersModel | undefined;
      return [
        layer.name,
        () => {
          ending ??= tf.model({ inputs: model.inputs, outputs: layer.output });
          return ending;
        },
      ];
    }),
  );
}

/** Sizes of a model's only input or output after the number of rows, which must be as many and known. */
function sidesOf(
  model: string,
  which: 'input' | 'output',
  tensors: readonly tf.SymbolicTensor[],
  rank: number,
): readonly number[] {
  const [first, ...rest] = tensors;
  const [, ...sides] = first?.shape ?? [];
  const isKnown = sides.every((side) => typeof side === 'number');
  if (rest.length > 0 || sides.length !== rank || !isKnown) {
    const wanted = rank === 1 ? 'size' : 'height, width, channels';
    const got = tensors.map(({ shape }) => `[${shape.map((side) => side ?? 'null').join(', ')}]`);
    throw new RangeError(`${model}: expected one ${which} [null, ${wanted}], got ${got.join(' and ')}`);
  }
  return sides as number[];
}
