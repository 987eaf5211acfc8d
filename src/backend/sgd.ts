/**
 * Stochastic gradient descent with momentum.
 *
 * Source: Sutskever, Martens, Dahl and Hinton 2013, "On the importance of initialization and momentum in deep learning",
 * equations 1 to 4, in the form that PyTorch's `torch.optim.SGD` computes: the step size multiplies the velocity, so that
 * a schedule acts at once, and Nesterov's look-ahead is taken from the new velocity.
 */
import * as tf from '@tensorflow/tfjs';
import { eachStep } from './each-step.ts';

export interface SgdOptions {
  /** Step size, in units of the weights. */
  readonly learningRate: number;
  /** Decay of the velocity, in [0, 1). */
  readonly momentum?: number;
  readonly nesterov?: boolean;
}

/**
 * Moves variables against their gradients. With `g` the gradient and `v` the velocity, 0 at first:
 *
 * ```
 * v <- momentum v + g
 * w <- w - learningRate v                     or, with Nesterov's momentum, learningRate (g + momentum v)
 * ```
 *
 * The variables stay the caller's; {@link dispose} frees the velocities alone.
 */
export class Sgd {
  /** May be changed between steps, for a schedule. */
  learningRate: number;
  readonly #momentum: number;
  readonly #nesterov: boolean;
  readonly #slots: readonly { readonly variable: tf.Variable; readonly velocity: tf.Variable }[];

  constructor(
    variables: Readonly<Record<string, tf.Variable>>,
    { learningRate, momentum = 0, nesterov = false }: SgdOptions,
  ) {
    if (!(learningRate >= 0 && Number.isFinite(learningRate))) {
      throw new RangeError(`Sgd.learningRate: expected a finite number of at least 0, got ${learningRate}`);
    }
    if (!(momentum >= 0 && momentum < 1)) {
      throw new RangeError(`Sgd.momentum: expected a number in [0, 1), got ${momentum}`);
    }
    this.learningRate = learningRate;
    this.#momentum = momentum;
    this.#nesterov = nesterov;
    this.#slots = Object.values(variables).map((variable) => ({
      variable,
      velocity: tf.tidy(() => tf.variable(tf.zerosLike(variable), false)),
    }));
  }

  /**
   * One update of every variable.
   *
   * @param gradients by `variable.name`, as `tf.variableGrads(...).grads`; not disposed
   * @throws RangeError if a variable has no gradient
   */
  apply(gradients: tf.NamedTensorMap): void {
    tf.tidy(() => {
      const [rate] = eachStep(() => [this.learningRate]) as [tf.Scalar];
      for (const { variable, velocity } of this.#slots) {
        const gradient = gradients[variable.name];
        // tf.variableGrads leaves null for a variable that the loss does not depend on.
        if (!gradient)
          throw new RangeError(`Sgd.apply.gradients: expected one for ${variable.name}, got none`);
        const moved = tf.add(tf.mul(velocity, this.#momentum), gradient);
        const direction = this.#nesterov ? tf.add(gradient, tf.mul(moved, this.#momentum)) : moved;
        velocity.assign(moved);
        variable.assign(tf.sub(variable, tf.mul(direction, rate)));
      }
    });
  }

  /** Frees the velocities. The variables stay. */
  dispose(): void {
    for (const { velocity } of this.#slots) velocity.dispose();
  }
}
