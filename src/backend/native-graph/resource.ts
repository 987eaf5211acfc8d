/**
 * A place in TensorFlow's memory whose values operations change: what its optimisers work on.
 *
 * A graph cannot reach the places of single operations, so while a graph works on one, the values live in the graph's
 * session, its residence. Whoever asks for them next takes them back.
 */
import * as tf from '@tensorflow/tfjs';
import { runNativeOp } from '../native-op.ts';
import { boundId } from './binding.ts';

/** Where resources' values may live in place of the resources themselves. */
export interface Residence {
  /** Assigns the values of all resources that live there back to them. */
  release(): void;
}

let made = 0;
let residencesStay = false;
const byId = new Map<number, NativeResource>();

/** The resource with a handle of this number. */
export function resourceOf(id: number): NativeResource | undefined {
  return byId.get(id);
}

/** Runs an action that only notes what would be done to resources. */
export function leavingResidences<T>(action: () => T): T {
  const before = residencesStay;
  residencesStay = true;
  try {
    return action();
  } finally {
    residencesStay = before;
  }
}

/** Float32 values of a fixed shape; unset at first. Its handle counts as a tensor. */
export class NativeResource {
  readonly shape: readonly number[];
  readonly #handle: tf.Tensor;
  readonly #id: number;
  #residence: Residence | undefined;

  constructor(shape: readonly number[]) {
    this.shape = shape;
    const shared = { string: `genal/resource/${made++}` };
    const attributes = {
      container: { string: '' },
      shared_name: shared,
      dtype: 'float32',
      shape: { shape },
    } as const;
    const [handle] = runNativeOp('VarHandleOp', [], attributes, 1);
    this.#handle = tf.keep(handle as tf.Tensor);
    this.#id = boundId(this.#handle);
    byId.set(this.#id, this);
  }

  /** Where the values live, if not here. */
  get residence(): Residence | undefined {
    return this.#residence;
  }

  /** For an operation that changes the values; they are here then. */
  get handle(): tf.Tensor {
    this.#bringHome();
    return this.#handle;
  }

  /** Says that the values live elsewhere from now on, and frees them here. */
  moveTo(residence: Residence): void {
    this.#residence = residence;
    this.#free();
  }

  assign(values: tf.Tensor): void {
    if (!residencesStay) this.#residence = undefined;
    runNativeOp('AssignVariableOp', [this.#handle, values], { dtype: 'float32' }, 0);
  }

  /** A tensor that belongs to the scope around. */
  read(): tf.Tensor {
    this.#bringHome();
    const [values] = runNativeOp('ReadVariableOp', [this.#handle], { dtype: 'float32' }, 1);
    return values as tf.Tensor;
  }

  dispose(): void {
    this.#residence = undefined;
    byId.delete(this.#id);
    this.#free();
    this.#handle.dispose();
  }

  #bringHome(): void {
    if (!residencesStay) this.#residence?.release();
  }

  /** The handle stays good: assigning to it makes the place anew. */
  #free(): void {
    runNativeOp('DestroyResourceOp', [this.#handle], { ignore_lookup_error: { bool: true } }, 0);
  }
}
