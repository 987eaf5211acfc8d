/**
 * The networks of M2 as dense softplus layers.
 *
 * Source: Kingma et al. 2014, "Semi-supervised Learning with Deep Generative Models", section 4.
 * Reference code: dpkingma/nips14-ssl@1fc7aec: the first layer of the encoder is `W_x x + W_y y + b`, that of the
 * decoder `W_z z + W_y y + b`.
 * Differs: weights start as Glorot and Bengio's, not from N(0, 0.001); no prior on weights.
 *
 * With the default sizes and images `[28, 28, 1]`:
 *
 * ```
 * classifier  [784] -> dense 500 softplus -> dense 10: logits of classes                               397,510
 * encoder     [784], class -> dense 500 softplus -> dense 100: 50 means, 50 log-variances              447,600
 * decoder     latent 50, class -> dense 500 softplus -> dense 784: logits of pixels                    423,284
 * ```
 */
import * as tf from '@tensorflow/tfjs';
import { softplus } from '../src/backend/softplus.ts';
import type { M2Layers, M2Sizes } from './m2-networks.ts';
import { withClasses } from './m2-pairs.ts';
import type { MlpConfig } from './mlp-config.ts';
import { affine, denseShapes, denseValues, softplusStack, stackShapes } from './mlp-layers.ts';
import { gaussians } from './mlp-terms.ts';

/** M2 of dense layers. */
export function m2Mlp({ classes, latentSize, shape }: M2Sizes, { hidden }: MlpConfig): M2Layers {
  const pixels = tf.util.sizeFromShape([...shape]);
  const [first = 0, last = 0] = [hidden[0], hidden.at(-1)];
  const count = hidden.length;
  const fromPixels = stackShapes('hidden', [pixels, ...hidden]);
  return {
    shapes: {
      classifier: { weights: { ...fromPixels, ...denseShapes('logits', last, classes) }, statistics: {} },
      encoder: {
        weights: {
          ...fromPixels,
          'hidden0/classes': [classes, first],
          ...denseShapes('moments', last, 2 * latentSize),
        },
        statistics: {},
      },
      decoder: {
        weights: {
          ...stackShapes('hidden', [latentSize, ...[...hidden].reverse()]),
          'hidden0/classes': [classes, last],
          ...denseShapes('logits', first, pixels),
        },
        statistics: {},
      },
    },
    initial: denseValues,
    dropout: { rate: 0, units: last },
    classifierLayers: hidden.map((_, i) => `hidden${i}`),
    classify: ({ weights }, inputs) =>
      tf.tidy(() => {
        const layers: tf.Tensor2D[] = [];
        for (let i = 0; i < count; i++) {
          layers.push(softplus(affine(weights, `hidden${i}`, layers[i - 1] ?? inputs)));
        }
        return { layers, logits: affine(weights, 'logits', layers.at(-1) as tf.Tensor2D) };
      }),
    encodeImages: ({ weights }, inputs) => affine(weights, 'hidden0', inputs),
    posteriors: ({ weights }, sums) =>
      tf.tidy(() => {
        const units = softplusStack(weights, 'hidden', softplus(sums), { first: 1, count });
        return gaussians(affine(weights, 'moments', units));
      }),
    decode: ({ weights }, latents, ofRows) =>
      tf.tidy(() => {
        const sums = withClasses(weights, latents, ofRows);
        const units = softplusStack(weights, 'hidden', softplus(sums), { first: 1, count });
        return affine(weights, 'logits', units);
      }),
  };
}
