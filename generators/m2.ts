/**
 * The semi-supervised model M2 as a model of the zoo. The method itself is in `m2-networks.ts` and `m2-step.ts`.
 */
import * as tf from '@tensorflow/tfjs';
import { graphStep } from '../src/backend/graph-step.ts';
import type { ImageShape } from '../src/datasets/dataset.ts';
import { dropoutMask } from '../src/dropout-mask.ts';
import type { Stream } from '../src/random.ts';
import { checkShape } from '../src/shapes.ts';
import { layerOf } from './feature-layer.ts';
import type { Generator } from './generator.ts';
import { augmentImages } from './m2-augment.ts';
import type { M2Config } from './m2-config.ts';
import {
  type ClassifierOutputs,
  type M2Architecture,
  type M2Layers,
  type M2Name,
  m2Layers,
} from './m2-networks.ts';
import { encodeLabelled, oneHotClasses } from './m2-pairs.ts';
import {
  createM2Training,
  type M2Batch,
  type M2Noise,
  type M2Training,
  m2Step,
  unlabelledBounds,
} from './m2-step.ts';
import { bernoulliPixels, imagesOfLogits } from './mlp-terms.ts';
import { type Model, type Networks, trainable } from './model.ts';
import { disposeNetwork } from './network.ts';
import { pixelNoise } from './pixel-noise.ts';
import type { Losses } from './trainable.ts';

/** An M2 in use. Disposing it frees its networks. */
export class M2 implements Generator {
  readonly kind = 'm2';
  readonly prior = 'normal';
  readonly latentSize: number;
  readonly shape: ImageShape;
  readonly classes: number;
  readonly featureLayers: readonly string[];
  readonly #layers: M2Layers;
  readonly #likelihood: M2Config['likelihood'];
  readonly #networks: Networks<M2Name>;

  constructor(architecture: M2Architecture, likelihood: M2Config['likelihood'], networks: Networks<M2Name>) {
    this.latentSize = architecture.latentSize;
    this.shape = architecture.shape;
    this.classes = architecture.classes;
    this.#layers = m2Layers(architecture);
    this.featureLayers = this.#layers.classifierLayers;
    this.#likelihood = likelihood;
    this.#networks = networks;
  }

  /** Means of the pixels, not draws of them. */
  generate(latents: tf.Tensor2D, labels?: tf.Tensor1D): tf.Tensor4D {
    checkShape('M2.generate.latents', latents, [null, this.latentSize]);
    const [n] = latents.shape;
    if (labels) checkShape('M2.generate.labels', labels, [n]);
    return tf.tidy(() => {
      const inTurn = () => tf.tensor1d(Int32Array.from({ length: n }, (_, i) => i % this.classes));
      const ofRows = oneHotClasses(labels ?? inTurn(), this.classes);
      return imagesOfLogits(this.#layers.decode(this.#networks.decoder, latents, ofRows), this.shape);
    });
  }

  /** Means of the posteriors `q(z|x, y)`. Pixels go in as they are, not binarised. */
  encode(images: tf.Tensor4D, labels?: tf.Tensor1D): tf.Tensor2D {
    checkShape('M2.encode.images', images, [null, ...this.shape]);
    if (labels) checkShape('M2.encode.labels', labels, [images.shape[0]]);
    return tf.tidy(() => {
      const likeliest = () => tf.cast(tf.argMax(this.classify(images), 1), 'int32') as tf.Tensor1D;
      const ofRows = labels ?? likeliest();
      return encodeLabelled(this.#layers, this.#networks.encoder, bernoulliPixels(images), ofRows).means;
    });
  }

  /** Logits of `q(y|x)`. Pixels go in as they are, not binarised. */
  classify(images: tf.Tensor4D): tf.Tensor2D {
    checkShape('M2.classify.images', images, [null, ...this.shape]);
    return tf.tidy(() => this.#pass(images).logits);
  }

  /** The classifier's hidden layers; of dense ones `[n, size]`, of convolutions `[n, height, width, size]`. */
  features(images: tf.Tensor4D, layer: string): tf.Tensor2D | tf.Tensor4D {
    checkShape('M2.features.images', images, [null, ...this.shape]);
    return layerOf(this.featureLayers, layer, () => this.#pass(images).layers);
  }

  #pass(images: tf.Tensor4D): ClassifierOutputs {
    const { classifier } = this.#networks;
    return this.#layers.classify(classifier, bernoulliPixels(images), { norm: { by: 'running' } });
  }

  /** `U(x)`, the bound of `-log p(x)` with the class summed out. */
  negativeElbo(images: tf.Tensor4D, stream: Stream): tf.Tensor1D {
    checkShape('M2.negativeElbo.images', images, [null, ...this.shape]);
    const { classes, latentSize } = this;
    const [n] = images.shape;
    return tf.tidy(() => {
      const pixels = bernoulliPixels(images, pixelNoise(this.#likelihood, images.shape, stream.of('pixels')));
      const latents = stream.of('latents').normals(classes * n * latentSize);
      const noise = tf.tensor3d(latents, [classes, n, latentSize]);
      return unlabelledBounds(this.#layers, this.#networks, pixels, noise);
    });
  }

  dispose(): void {
    for (const network of Object.values(this.#networks)) disposeNetwork(network);
  }
}

function architectureOf({ classes, latentSize, network }: M2Config, shape: ImageShape): M2Architecture {
  return { classes, latentSize, network, shape };
}

/** Semi-supervised variational autoencoder M2 (Kingma et al. 2014). */
export const m2Model: Model<M2Config, M2Name, M2> = {
  takesLabels: true,
  shapes: (config, shape) => m2Layers(architectureOf(config, shape)).shapes,
  open: (config, shape, networks) => new M2(architectureOf(config, shape), config.likelihood, networks),
  train: (config, shape, { images, labelled }, stream) => {
    const training = createM2Training(config, shape, { labelled, unlabelled: images }, stream);
    const { classifier, encoder, decoder, adam } = training;
    const update = graphStep(({ batch, noise }: { batch: M2Batch; noise: M2Noise }) =>
      m2Step(training, batch, noise),
    );
    return trainable({
      networks: { classifier, encoder, decoder },
      optimisers: { adam },
      ema: config.ema,
      averaged: ['classifier', 'encoder', 'decoder'],
      open: (networks) => m2Model.open(config, shape, networks),
      updates: [update],
      step: (batch, noise): Losses => {
        const { labelled: known } = batch;
        if (known === undefined) throw new RangeError('m2.step.batch: expected labelled images, got none');
        // From the step count, so that a training taken up goes on along the same curve.
        adam.learningRate = learningRateAt(config, adam.step);
        return tf.tidy(() => {
          const augment = (images: tf.Tensor4D, name: string) =>
            augmentImages(images, config.augment, noise.of('augment', name));
          const labelled = augment(known.images, 'labelled');
          const unlabelled = augment(batch.images, 'unlabelled');
          return {
            ...update({
              batch: { unlabelled, labelled, labels: known.labels },
              noise: m2Noise(config, training, labelled, unlabelled, noise),
            }),
          };
        });
      },
    });
  },
};

/** The step size after so many steps. */
export function learningRateAt(
  { learningRate, decay, steps }: Pick<M2Config, 'learningRate' | 'decay' | 'steps'>,
  step: number,
): number {
  return decay === 'none' ? learningRate : (learningRate * (1 + Math.cos((Math.PI * step) / steps))) / 2;
}

/** All draws of one step on images `[n, height, width, channels]`. The caller disposes them. */
export function m2Noise(
  { classes, latentSize, likelihood }: Pick<M2Config, 'classes' | 'latentSize' | 'likelihood'>,
  { layers: { dropout } }: M2Training,
  known: tf.Tensor4D,
  unknown: tf.Tensor4D,
  stream: Stream,
): M2Noise {
  const [labelled, unlabelled] = [known.shape[0], unknown.shape[0]];
  const latents = (name: string, count: number) => stream.of(name, 'latents').normals(count * latentSize);
  const ofKnown = pixelNoise(likelihood, known.shape, stream.of('labelled', 'pixels'));
  const ofUnknown = pixelNoise(likelihood, unknown.shape, stream.of('unlabelled', 'pixels'));
  const { rate, units } = dropout;
  return {
    labelledLatents: tf.tensor2d(latents('labelled', labelled), [labelled, latentSize]),
    unlabelledLatents: tf.tensor3d(latents('unlabelled', classes * unlabelled), [
      classes,
      unlabelled,
      latentSize,
    ]),
    ...(ofKnown && ofUnknown && { pixels: { labelled: ofKnown, unlabelled: ofUnknown } }),
    ...(rate > 0 && { kept: dropoutMask(rate, [labelled + unlabelled, units], stream.of('dropout')) }),
  };
}
