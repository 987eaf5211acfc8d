/**
 * The moments of Adam and the update itself, in ops that every engine has.
 *
 * `native-adam.ts` does the same in one op a variable.
 */
import * as tf from '@tensorflow/tfjs';

/** What one update depends on beside the gradients. */
export interface AdamStep {
  /** Counted from 1. */
  readonly step: number;
  readonly learningRate: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
}

export interface AdamUpdate {
  readonly variable: tf.Variable;
  /** Of the variable's shape. */
  readonly gradient: tf.Tensor;
}

/** First and second moment of every variable of one optimiser, zero at first. */
export interface AdamMoments {
  /**
   * Updates moments and variables, in the order of the variables.
   *
   * @param nextStep counts the step; called once an update, also when a graph repeats it
   */
  update(updates: readonly AdamUpdate[], nextStep: () => AdamStep): void;
  /** Copies of both moments of the variable at `index`, on the host. */
  read(index: number): Promise<[first: Float32Array, second: Float32Array]>;
  /** Sets both moments of the variable at `index`. */
  restore(index: number, first: Float32Array, second: Float32Array): void;
  dispose(): void;
}

/** Moments as variables: two tensors a variable. */
export class ComposedMoments implements AdamMoments {
  readonly #slots: readonly { readonly first: tf.Variable; readonly second: tf.Variable }[];

  constructor(variables: readonly tf.Variable[]) {
    this.#slots = variables.map((variable) => ({ first: zerosLike(variable), second: zerosLike(variable) }));
  }

  update(updates: readonly AdamUpdate[], nextStep: () => AdamStep): void {
    const { step, learningRate, beta1, beta2, epsilon } = nextStep();
    // In double precision from the integer step: the same after a resume.
    const stepSize = learningRate / (1 - beta1 ** step);
    const secondScale = 1 / Math.sqrt(1 - beta2 ** step);
    updates.forEach(({ variable, gradient }, index) => {
      const { first, second } = this.#slot(index);
      tf.tidy(() => {
        const m = tf.add(tf.mul(first, beta1), tf.mul(gradient, 1 - beta1));
        const v = tf.add(tf.mul(second, beta2), tf.mul(tf.square(gradient), 1 - beta2));
        const scale = tf.add(tf.mul(tf.sqrt(v), secondScale), epsilon);
        first.assign(m);
        second.assign(v);
        variable.assign(tf.sub(variable, tf.mul(tf.div(m, scale), stepSize)));
      });
    });
  }

  async read(index: number): Promise<[Float32Array, Float32Array]> {
    const { first, second } = this.#slot(index);
    const [m, v] = [first.data<'float32'>(), second.data<'float32'>()];
    // Copies, because the cpu backend hands out its own memory.
    return [Float32Array.from(await m), Float32Array.from(await v)];
  }

  restore(index: number, first: Float32Array, second: Float32Array): void {
    const slot = this.#slot(index);
    tf.tidy(() => {
      slot.first.assign(tf.tensor(Float32Array.from(first), slot.first.shape));
      slot.second.assign(tf.tensor(Float32Array.from(second), slot.second.shape));
    });
  }

  dispose(): void {
    for (const { first, second } of this.#slots) tf.dispose([first, second]);
  }

  #slot(index: number) {
    return this.#slots[index] as { readonly first: tf.Variable; readonly second: tf.Variable };
  }
}

function zerosLike(variable: tf.Variable): tf.Variable {
  return tf.tidy(() => tf.variable(tf.zerosLike(variable), false));
}
