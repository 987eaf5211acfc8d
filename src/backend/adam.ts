/**
 * Adam, with a state that can be saved and restored to the bit.
 *
 * Source: Kingma and Ba 2015, "Adam: A Method for Stochastic Optimization", Algorithm 1.
 * Differs from tf.train.adam: moments belong to names, not to positions in a list, and the bias correction is
 * computed from the integer step, so that a resumed run equals an uninterrupted one exactly.
 */
import * as tf from '@tensorflow/tfjs';
import { checkInteger } from '../shapes.ts';
import { type AdamMoments, ComposedMoments } from './adam-moments.ts';
import { NativeMoments } from './native-adam.ts';
import { isNative } from './native-op.ts';

export interface AdamOptions {
  /** Step size alpha, in units of the weights. */
  readonly learningRate?: number;
  /** Decay of the mean gradient, in [0, 1). */
  readonly beta1?: number;
  /** Decay of the mean squared gradient, in [0, 1). */
  readonly beta2?: number;
  /** Added to the square root, in units of the gradient. */
  readonly epsilon?: number;
}

/** Everything but the weights: for checkpoints. */
export interface AdamState {
  /** Updates made so far. */
  readonly step: number;
  /** First moments under `<name>/m`, second moments under `<name>/v`, flattened in row-major order. */
  readonly moments: Readonly<Record<string, Float32Array>>;
}

/**
 * Moves variables against their gradients. With `g` the gradient at step `t`, counted from 1:
 *
 * ```
 * m <- beta1 m + (1 - beta1) g
 * v <- beta2 v + (1 - beta2) g^2
 * w <- w - alpha (m / (1 - beta1^t)) / (sqrt(v / (1 - beta2^t)) + epsilon)
 * ```
 *
 * Defaults are the paper's. The variables stay the caller's; {@link dispose} frees the moments alone.
 */
export class Adam {
  /** May be changed between steps, for a schedule. */
  learningRate: number;
  readonly #beta1: number;
  readonly #beta2: number;
  readonly #epsilon: number;
  /** In the order of the moments. */
  readonly #variables: readonly (readonly [name: string, variable: tf.Variable])[];
  readonly #moments: AdamMoments;
  #step = 0;

  /**
   * @param variables a list, whose moments are kept under each variable's own `name`; or a record, whose keys
   *   are the names in the state (for models whose variables carry names that are unique in the process only)
   */
  constructor(
    variables: readonly tf.Variable[] | Readonly<Record<string, tf.Variable>>,
    { learningRate = 0.001, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 }: AdamOptions = {},
  ) {
    checkRange('Adam.learningRate', learningRate, Number.POSITIVE_INFINITY);
    checkRange('Adam.beta1', beta1, 1);
    checkRange('Adam.beta2', beta2, 1);
    checkRange('Adam.epsilon', epsilon, Number.POSITIVE_INFINITY);
    this.learningRate = learningRate;
    this.#beta1 = beta1;
    this.#beta2 = beta2;
    this.#epsilon = epsilon;
    this.#variables = namesOf(variables);
    const list = this.#variables.map(([, variable]) => variable);
    this.#moments = isNative() ? new NativeMoments(list) : new ComposedMoments(list);
  }

  /** Updates made so far. */
  get step(): number {
    return this.#step;
  }

  /**
   * One update of every variable.
   *
   * @param gradients by `variable.name`, as `tf.variableGrads(...).grads`; each of its variable's shape. Not
   *   disposed.
   * @throws RangeError if a variable has no gradient, or one of another shape
   */
  apply(gradients: tf.NamedTensorMap): void {
    const updates = this.#variables.map(([, variable]) => ({
      variable,
      gradient: gradientOf(variable, gradients),
    }));
    this.#moments.update(updates, () => {
      this.#step++;
      return {
        step: this.#step,
        learningRate: this.learningRate,
        beta1: this.#beta1,
        beta2: this.#beta2,
        epsilon: this.#epsilon,
      };
    });
  }

  /** A copy of the step and the moments, on the host. */
  async state(): Promise<AdamState> {
    const step = this.#step;
    const reading = this.#variables.map(([name], index) => ({ name, values: this.#moments.read(index) }));
    const moments: Record<string, Float32Array> = {};
    for (const { name, values } of reading) {
      [moments[`${name}/m`], moments[`${name}/v`]] = await values;
    }
    return { step, moments };
  }

  /**
   * Goes on from a {@link state} of the same variables. The weights themselves are the caller's to restore.
   *
   * @throws RangeError if the state has other names or sizes; nothing has changed then
   */
  restore({ step, moments }: AdamState): void {
    checkInteger('Adam.restore.state.step', step, 0);
    const wanted = this.#variables.map(([name, { size }], index) => ({
      index,
      size,
      names: [`${name}/m`, `${name}/v`] as const,
    }));
    const known = new Set<string>(wanted.flatMap(({ names }) => names));
    const unknown = Object.keys(moments).find((name) => !known.has(name));
    if (unknown !== undefined) {
      throw new RangeError(
        `Adam.restore.state: expected moments of the optimiser's variables, got ${unknown}`,
      );
    }
    const saved = wanted.map(({ index, size, names }) => {
      const [first, second] = names.map((name) => checkMoment(name, moments[name], size));
      return { index, first: first as Float32Array, second: second as Float32Array };
    });
    for (const { index, first, second } of saved) this.#moments.restore(index, first, second);
    this.#step = step;
  }

  /** Frees the moments. The variables stay. */
  dispose(): void {
    this.#moments.dispose();
  }
}

function checkMoment(name: string, values: Float32Array | undefined, size: number): Float32Array {
  if (values?.length !== size) {
    const got = values === undefined ? 'none' : values.length;
    throw new RangeError(`Adam.restore.state: expected ${size} values of ${name}, got ${got}`);
  }
  return values;
}

function namesOf(
  variables: readonly tf.Variable[] | Readonly<Record<string, tf.Variable>>,
): readonly (readonly [string, tf.Variable])[] {
  const named = isList(variables)
    ? variables.map((variable) => [variable.name, variable] as const)
    : Object.entries(variables);
  const names = new Set(named.map(([name]) => name));
  const distinct = new Set(named.map(([, variable]) => variable));
  if (named.length === 0 || names.size !== named.length || distinct.size !== named.length) {
    const got = `[${named.map(([name]) => name).join(', ')}]`;
    throw new RangeError(`Adam.variables: expected at least one variable, each once, got ${got}`);
  }
  return named;
}

function isList(
  variables: readonly tf.Variable[] | Readonly<Record<string, tf.Variable>>,
): variables is readonly tf.Variable[] {
  return Array.isArray(variables);
}

function gradientOf(variable: tf.Variable, gradients: tf.NamedTensorMap): tf.Tensor {
  const gradient = gradients[variable.name];
  // tf.variableGrads leaves null for a variable that the loss does not depend on.
  if (!gradient || !tf.util.arraysEqual(gradient.shape, variable.shape)) {
    const got = gradient ? `[${gradient.shape.join(', ')}]` : 'none';
    throw new RangeError(
      `Adam.apply.gradients: expected [${variable.shape.join(', ')}] for ${variable.name}, got ${got}`,
    );
  }
  return gradient;
}

function checkRange(name: string, value: number, limit: number): void {
  if (!(value >= 0 && value < limit)) {
    const range = Number.isFinite(limit) ? `a number in [0, ${limit})` : 'a finite number of at least 0';
    throw new RangeError(`${name}: expected ${range}, got ${value}`);
  }
}
