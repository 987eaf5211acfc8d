/**
 * A network as named variables: those a gradient moves, and running statistics. Shared by all models.
 */
import * as tf from '@tensorflow/tfjs';
import type { Stream } from '../src/random.ts';
import { constantVariable } from './layers.ts';
import type { Variables } from './variables.ts';

/** A network's variables: those a gradient moves, and the running statistics of its batch norms. */
export interface Network {
  readonly weights: Variables;
  /** `<layer>/mean` and `<layer>/variance`, `[channels]` each. */
  readonly statistics: Variables;
}

/** Shapes of a network's variables, by name. */
export interface NetworkShapes {
  readonly weights: Readonly<Record<string, readonly number[]>>;
  readonly statistics: Readonly<Record<string, readonly number[]>>;
}

/** First values of a weight of `size` values, in row-major order; all chance comes from `stream`. */
export type InitialValues = (
  name: string,
  size: number,
  stream: Stream,
  shape: readonly number[],
) => Float32Array;

/**
 * A fresh network: weights as `initial` says, running means 0 and variances 1. Each weight has a stream of its own
 * below `stream`, so adding one changes no other.
 *
 * The caller disposes it with {@link disposeNetwork}.
 */
export function createNetwork(shapes: NetworkShapes, stream: Stream, initial: InitialValues): Network {
  const weights = Object.entries(shapes.weights).map(([name, shape]) => {
    const values = initial(name, tf.util.sizeFromShape([...shape]), stream.of(name), shape);
    return [name, tf.tidy(() => tf.variable(tf.tensor(values, [...shape])))];
  });
  const statistics = Object.entries(shapes.statistics).map(([name, shape]) => [
    name,
    constantVariable(shape, name.endsWith('variance') ? 1 : 0, false),
  ]);
  return { weights: Object.fromEntries(weights), statistics: Object.fromEntries(statistics) };
}

/** A network whose variables are all 0, for saved ones to be put in. The caller disposes it. */
export function emptyNetwork({ weights, statistics }: NetworkShapes): Network {
  const zeros = (shapes: NetworkShapes['weights'], trainable: boolean): Variables =>
    Object.fromEntries(
      Object.entries(shapes).map(([name, shape]) => [name, constantVariable(shape, 0, trainable)]),
    );
  return { weights: zeros(weights, true), statistics: zeros(statistics, false) };
}

/** All variables of a network, under `<prefix>/<name>`. */
export function variablesOf(prefix: string, { weights, statistics }: Network): Variables {
  const all = [...Object.entries(weights), ...Object.entries(statistics)];
  return Object.fromEntries(all.map(([name, variable]) => [`${prefix}/${name}`, variable]));
}

/** Frees a network's variables. */
export function disposeNetwork({ weights, statistics }: Network): void {
  tf.dispose([...Object.values(weights), ...Object.values(statistics)]);
}

/** The variable of a name; RangeError if there is none. */
export function variableOf<T extends tf.Tensor>(variables: Variables, name: string): T {
  const variable = variables[name];
  if (variable === undefined) throw new RangeError(`network: expected a variable ${name}, got none`);
  return variable as tf.Tensor as T;
}
