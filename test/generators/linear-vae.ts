/** A VAE of dense layers set to be linear, with the posterior that is then the true one. */
import * as tf from '@tensorflow/tfjs';
import { emptyNetwork, type Network } from '../../generators/network.ts';
import type { VaeNetworks } from '../../generators/vae-networks.ts';

/** Pixels are `N(loadings z + bias, deviation^2 I)` of two latents `z`. */
export interface LinearModel {
  /** `[pixels][2]` */
  readonly loadings: readonly (readonly number[])[];
  readonly bias: readonly number[];
  readonly deviation: number;
}

/**
 * Networks with one hidden layer of four units, which come in pairs: softplus(x) - softplus(-x) is x. The caller disposes
 * them.
 */
export function linearVae(
  { shapes }: VaeNetworks,
  model: LinearModel,
): { encoder: Network; decoder: Network } {
  const { loadings, bias, deviation } = model;
  const [encoder, decoder] = [emptyNetwork(shapes.encoder), emptyNetwork(shapes.decoder)];
  // The posterior's precision is I + W'W / s^2, its mean the covariance times W'(x - b) / s^2. A network's variances are
  // of each latent alone, so the loadings' columns are made orthogonal by a turn of the latents.
  const turned = orthogonal(loadings);
  const variances = [0, 1].map(
    (j) => 1 / (1 + squares(turned.map((row) => row[j] as number)) / deviation ** 2),
  );
  const toLatents = turned.map((row) =>
    row.map((value, j) => (value * (variances[j] as number)) / deviation ** 2),
  );
  const shift = [0, 1].map(
    (j) => -toLatents.reduce((sum, row, i) => sum + (row[j] as number) * (bias[i] as number), 0),
  );
  const pairs = [
    [1, 0],
    [-1, 0],
    [0, 1],
    [0, -1],
  ];
  const set = (network: Network, name: string, values: readonly (readonly number[])[] | readonly number[]) =>
    tf.tidy(() => network.weights[name]!.assign(tf.tensor(values as number[][])));
  set(
    encoder,
    'hidden0/weights',
    toLatents.map(([a = 0, b = 0]) => [a, -a, b, -b]),
  );
  set(encoder, 'hidden0/bias', [shift[0]!, -shift[0]!, shift[1]!, -shift[1]!]);
  set(
    encoder,
    'moments/weights',
    pairs.map((pair) => [...pair, 0, 0]),
  );
  set(encoder, 'moments/bias', [0, 0, ...variances.map(Math.log)]);
  set(decoder, 'hidden0/weights', [
    [1, -1, 0, 0],
    [0, 0, 1, -1],
  ]);
  set(
    decoder,
    'logits/weights',
    pairs.map(([a = 0, b = 0]) => turned.map(([c = 0, d = 0]) => a * c + b * d)),
  );
  set(decoder, 'logits/bias', bias);
  return { encoder, decoder };
}

/** `log N(pixels; bias, loadings loadings' + deviation^2 I)`, of the matrix written out, three pixels. */
export function logDensity(pixels: readonly number[], { loadings, bias, deviation }: LinearModel): number {
  const c = loadings.map((a, i) =>
    loadings.map((b, j) => a[0]! * b[0]! + a[1]! * b[1]! + (i === j ? deviation ** 2 : 0)),
  );
  const minor = (i: number, j: number) => {
    const [p, q] = [0, 1, 2].filter((k) => k !== i) as [number, number];
    const [r, s] = [0, 1, 2].filter((k) => k !== j) as [number, number];
    return (-1) ** (i + j) * (c[p]![r]! * c[q]![s]! - c[p]![s]! * c[q]![r]!);
  };
  const determinant = c[0]!.reduce((sum, value, j) => sum + value * minor(0, j), 0);
  const away = pixels.map((pixel, i) => pixel - bias[i]!);
  let distance = 0;
  for (const i of [0, 1, 2])
    for (const j of [0, 1, 2]) distance += (away[i]! * away[j]! * minor(i, j)) / determinant;
  return -(distance + Math.log(determinant) + 3 * Math.log(2 * Math.PI)) / 2;
}

/** The loadings of latents turned such that their two columns are orthogonal; the density stays as it is. */
function orthogonal(loadings: LinearModel['loadings']): number[][] {
  const [aa, bb, ab] = [0, 0, 0].map((_, k) =>
    loadings.reduce((sum, [a = 0, b = 0]) => sum + [a * a, b * b, a * b][k]!, 0),
  ) as [number, number, number];
  const angle = Math.atan2(2 * ab, aa - bb) / 2;
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  return loadings.map(([a = 0, b = 0]) => [a * cos + b * sin, b * cos - a * sin]);
}

function squares(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value ** 2, 0);
}
