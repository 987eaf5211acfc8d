/**
 * The exponential moving average of a network's variables.
 */
import * as tf from '@tensorflow/tfjs';
import type { Network } from './network.ts';
import type { Variables } from './variables.ts';

/** A network of variables of its own with the same values. The caller disposes it. */
export function copyNetwork({ weights, statistics }: Network): Network {
  const copies = (variables: Variables): Variables =>
    Object.fromEntries(
      Object.entries(variables).map(([name, variable]) => [
        name,
        // Variables are assigned to, never written in place, so a copy may share the values it starts with.
        tf.tidy(() => tf.variable(tf.clone(variable), false)),
      ]),
    );
  return { weights: copies(weights), statistics: copies(statistics) };
}

/** `average <- ema average + (1 - ema) network`, running statistics included. */
export function moveAverage(average: Network, network: Network, ema: number): void {
  for (const part of ['weights', 'statistics'] as const) {
    for (const [name, mean] of Object.entries(average[part])) {
      const current = network[part][name] as tf.Variable;
      tf.tidy(() => mean.assign(tf.add(tf.mul(mean, ema), tf.mul(current, 1 - ema))));
    }
  }
}
