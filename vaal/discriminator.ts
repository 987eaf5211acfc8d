/**
 * The network that tells labelled from unlabelled images by their codes.
 *
 * Source: Sinha et al. 2019, "Variational Adversarial Active Learning", section 3.2.
 * Reference code: sinhasam/vaal@67263f3 model.py: dense layers with ReLU, no batch norm, weights from N(0, 2 / inputs) (He
 * et al. 2015) and biases 0.
 * Differs: logits, not probabilities, so that a confident answer is neither rounded off nor tied with others.
 *
 * ```
 * code [32] -> dense 512 ReLU -> dense 512 ReLU -> dense 1
 * ```
 */
import * as tf from '@tensorflow/tfjs';
import { binaryCrossEntropy, normalValues } from '../generators/layers.ts';
import { affine, denseShapes, denseValues, stackShapes } from '../generators/mlp-layers.ts';
import type { InitialValues, Network, NetworkShapes } from '../generators/network.ts';

/** Shapes of the discriminator's variables, for codes of `inputs` numbers. */
export function discriminatorShapes(inputs: number, hidden: readonly number[]): NetworkShapes {
  const last = hidden.at(-1) ?? inputs;
  return {
    weights: { ...stackShapes('hidden', [inputs, ...hidden]), ...denseShapes('logit', last, 1) },
    statistics: {},
  };
}

/** First values: weights from N(0, 2 / inputs), biases 0; of a rank beside the code as Glorot and Bengio 2010. */
export const discriminatorValues: InitialValues = (name, size, stream, shape) => {
  if (name.endsWith('bias')) return new Float32Array(size);
  if (name === 'rank/weights') return denseValues(name, size, stream, shape);
  return normalValues(stream, size, { deviation: Math.sqrt(2 / (shape[0] ?? 1)) });
};

/**
 * Logits `[n]` of "labelled". The caller disposes them.
 *
 * @param codes `[n, inputs]`
 */
export function discriminateCodes({ weights }: Network, codes: tf.Tensor2D): tf.Tensor1D {
  return tf.tidy(() => {
    const layers = Object.keys(weights).filter((name) => /^hidden\d+\/weights$/.test(name)).length;
    let units = codes;
    for (let layer = 0; layer < layers; layer++) units = tf.relu(affine(weights, `hidden${layer}`, units));
    return tf.reshape(affine(weights, 'logit', units), [codes.shape[0]]);
  });
}

/**
 * The discriminator's loss in nats, ln 2 by chance: the mean of `-log D` over labelled and of `-log(1 - D)` over unlabelled
 * images, each pool weighing half. The caller disposes it.
 *
 * @param labelled logits `[n]`
 * @param unlabelled logits `[m]`
 */
export function discriminatorLoss(labelled: tf.Tensor1D, unlabelled: tf.Tensor1D): tf.Scalar {
  return tf.tidy(() =>
    tf.mul(tf.add(binaryCrossEntropy(labelled, 1), binaryCrossEntropy(unlabelled, 0)), 0.5),
  );
}

/**
 * What the encoder is to make small: the discriminator's loss if all images were labelled, `-log D`, each pool weighing half.
 * The caller disposes it.
 *
 * @param labelled logits `[n]`
 * @param unlabelled logits `[m]`
 */
export function adversarialLoss(labelled: tf.Tensor1D, unlabelled: tf.Tensor1D): tf.Scalar {
  return tf.tidy(() =>
    tf.mul(tf.add(binaryCrossEntropy(labelled, 1), binaryCrossEntropy(unlabelled, 1)), 0.5),
  );
}
