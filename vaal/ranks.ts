/**
 * Networks that take a rank beside a code: one number an image, 0 for the middle.
 *
 * The rank has weights of its own, joined to those of the first layer when they are used. So all other weights start as they
 * do without it, and where all ranks are 0 everything is as without it.
 */
import * as tf from '@tensorflow/tfjs';
import { type Network, type NetworkShapes, variableOf } from '../generators/network.ts';
import type { VaeParts } from '../generators/vae-step.ts';

/** The rank's row of weights, `[1, units]`. */
const RANK_ROW = 'rank/weights';

/** The shapes of a network that takes a rank too. */
export function withRankShape({ weights, statistics }: NetworkShapes): NetworkShapes {
  const [, units] = weights[firstLayer(weights)] as readonly [number, number];
  return { weights: { ...weights, [RANK_ROW]: [1, units] }, statistics };
}

/**
 * The network as one that takes codes and ranks in a row, and those rows, `[n, latentSize + 1]`; both as they are without
 * ranks. What is new belongs to the scope around.
 *
 * @param codes `[n, latentSize]`
 * @param ranks `[n, 1]`
 */
export function withRanks(
  network: Network,
  codes: tf.Tensor2D,
  ranks: tf.Tensor2D | undefined,
): [Network, tf.Tensor2D] {
  if (ranks === undefined) return [network, codes];
  const { weights, statistics } = network;
  const first = firstLayer(weights);
  const joined = tf.concat2d([variableOf(weights, first), variableOf(weights, RANK_ROW)], 0);
  // It is only read, as all variables of a pass are.
  const widened = { ...weights, [first]: joined as tf.Tensor as tf.Variable };
  return [{ weights: widened, statistics }, tf.concat2d([codes, ranks], 1)];
}

/** An autoencoder whose decoder sees these ranks, `[n, 1]`, beside every batch of latents. */
export function decodingRanks(parts: VaeParts, ranks: tf.Tensor2D | undefined): VaeParts {
  if (ranks === undefined) return parts;
  const { networks } = parts;
  return {
    ...parts,
    networks: {
      ...networks,
      decode: (decoder, latents, mode) => {
        const [widened, rows] = withRanks(decoder, latents, ranks);
        return networks.decode(widened, rows, mode);
      },
    },
  };
}

/** `dense` of convolutions, `hidden0` of dense layers and of discriminators. */
function firstLayer(weights: Readonly<Record<string, unknown>>): string {
  return 'dense/weights' in weights ? 'dense/weights' : 'hidden0/weights';
}
