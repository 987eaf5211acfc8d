/**
 * Noting every operation that an action has native TensorFlow run.
 *
 * The action computes as always, but for resources, which it leaves as they are: operations on them are noted only. So a
 * recording has no effect once its variables are put back.
 */
import type * as tf from '@tensorflow/tfjs';
import {
  type Binding,
  type BoundAttribute,
  type BoundTensor,
  nativeEngine,
  TYPE_NUMBERS,
} from './binding.ts';
import { leavingResidences, type NativeResource, resourceOf } from './resource.ts';
import type { Attribute, TensorValue } from './saved-model.ts';

/** One operation, its tensors by the binding's numbers. */
export interface RecordedOperation {
  readonly op: string;
  readonly attributes: Readonly<Record<string, Attribute>>;
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
}

/** Type and shape of a tensor. */
export type TensorForm = Omit<TensorValue, 'content'>;

/** What an action did. */
export interface Recording {
  readonly operations: readonly RecordedOperation[];
  /** Tensors made from values of the host. */
  readonly constants: ReadonlyMap<number, TensorValue>;
  /** Of the tensors that operations took in. */
  readonly forms: ReadonlyMap<number, TensorForm>;
  /** Why a graph could not do the same, or undefined. */
  readonly fault: string | undefined;
}

/** Operations that give something else at each call, or make something that outlives it. */
const STATEFUL = /Random|Multinomial|TruncatedNormal|VarHandle|Summary|Print|Queue|Iterator/;

let isUnderWay = false;

/** Whether what is done now is being noted. */
export function isRecording(): boolean {
  return isUnderWay;
}

/** Runs an action and notes what it does. Only where native TensorFlow computes. */
export function record<T>(action: () => T): { readonly result: T; readonly recording: Recording } {
  const engine = nativeEngine();
  const { binding } = engine;
  const recorder = new Recorder(binding);
  engine.binding = recorder.listening();
  engine.readSync = (dataId) => {
    recorder.fail('reads values from the device');
    return Object.getPrototypeOf(engine).readSync.call(engine, dataId);
  };
  engine.move = (dataId, ...rest) => {
    recorder.noteValues(dataId);
    Object.getPrototypeOf(engine).move.call(engine, dataId, ...rest);
  };
  engine.getInputTensorIds = (tensors) => {
    const ids = Object.getPrototypeOf(engine).getInputTensorIds.call(engine, tensors) as number[];
    ids.forEach((id, i) => {
      recorder.noteTensor(id, tensors[i] as tf.TensorInfo);
    });
    return ids;
  };
  isUnderWay = true;
  try {
    return { result: leavingResidences(action), recording: recorder };
  } finally {
    isUnderWay = false;
    engine.binding = binding;
    for (const name of ['readSync', 'move', 'getInputTensorIds']) Reflect.deleteProperty(engine, name);
    recorder.dispose();
  }
}

class Recorder implements Recording {
  readonly operations: RecordedOperation[] = [];
  readonly constants = new Map<number, TensorValue>();
  readonly forms = new Map<number, TensorForm>();
  fault: string | undefined;
  readonly #binding: Binding;
  readonly #own = new WeakSet<object>();
  /** Values that resources would have by now: numbers of tensors of the recorder's own. */
  readonly #assigned = new Map<number, number>();

  constructor(binding: Binding) {
    this.#binding = binding;
  }

  fail(reason: string): void {
    this.fault ??= reason;
  }

  /** Data that the action itself has brought from the host. */
  noteValues(dataId: object): void {
    this.#own.add(dataId);
  }

  /** A tensor that an operation takes in. */
  noteTensor(id: number, { dataId, dtype, shape }: tf.TensorInfo): void {
    const type = TYPE_NUMBERS[dtype];
    if (type !== undefined) this.forms.set(id, { dtype: type, shape });
    // From before: the engine hands values of the host to TensorFlow when they are first used.
    if (dataId !== undefined && !this.#own.has(dataId)) this.constants.delete(id);
  }

  /** The binding, overheard. */
  listening(): Binding {
    const own = {
      createTensor: this.#createTensor.bind(this),
      executeOp: this.#executeOp.bind(this),
    };
    return Object.create(this.#binding, Object.getOwnPropertyDescriptors(own)) as Binding;
  }

  dispose(): void {
    for (const id of this.#assigned.values()) this.#binding.deleteTensor(id);
    this.#assigned.clear();
  }

  #createTensor(shape: readonly number[], dtype: number, values: unknown): number {
    const id = this.#binding.createTensor(shape, dtype, values);
    if (ArrayBuffer.isView(values)) {
      const content = Uint8Array.from(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
      this.constants.set(id, { dtype, shape: [...shape], content });
    } else {
      this.fail('holds a tensor of strings');
    }
    return id;
  }

  #executeOp(
    op: string,
    bound: readonly BoundAttribute[],
    inputs: readonly number[],
    count: number,
  ): BoundTensor[] {
    const touches = inputs.some((id) => resourceOf(id) !== undefined);
    const outputs = touches
      ? this.#touchResource(op, inputs)
      : this.#binding.executeOp(op, bound, inputs, count);
    if (!touches && STATEFUL.test(op)) this.fail(`runs ${op}`);
    const attributes = Object.fromEntries(
      bound.map((attribute) => [attribute.name, this.#decode(attribute)]),
    );
    this.operations.push({ op, attributes, inputs: [...inputs], outputs: outputs.map(({ id }) => id) });
    return outputs;
  }

  #touchResource(op: string, inputs: readonly number[]): BoundTensor[] {
    const [resource, value] = inputs as [number, number];
    const before = this.#assigned.get(resource);
    if (op === 'AssignVariableOp') {
      if (before !== undefined) this.#binding.deleteTensor(before);
      this.#assigned.set(resource, this.#identity(value).id);
      return [];
    }
    if (op === 'ReadVariableOp') {
      return [before === undefined ? this.#zeros(resource) : this.#identity(before)];
    }
    if (op !== 'ResourceApplyAdam') this.fail(`runs ${op} on a resource`);
    return [];
  }

  /** In place of values that may live elsewhere. */
  #zeros(resource: number): BoundTensor {
    const shape = [...(resourceOf(resource) as NativeResource).shape];
    const dtype = this.#binding.TF_FLOAT;
    const values = new Float32Array(shape.reduce((size, side) => size * side, 1));
    return { id: this.#binding.createTensor(shape, dtype, values), dtype, shape };
  }

  #identity(id: number): BoundTensor {
    const type = { name: 'T', type: this.#binding.TF_ATTR_TYPE, value: this.#binding.TF_FLOAT };
    return this.#binding.executeOp('Identity', [type], [id], 1)[0] as BoundTensor;
  }

  #decode({ name, type, value }: BoundAttribute): Attribute {
    const binding = this.#binding;
    if (type === binding.TF_ATTR_INT) {
      return Array.isArray(value) ? { ints: [...value] as number[] } : { int: value as number };
    }
    if (type === binding.TF_ATTR_FLOAT) {
      return Array.isArray(value) ? { floats: [...value] as number[] } : { float: value as number };
    }
    if (type === binding.TF_ATTR_BOOL) {
      return Array.isArray(value) ? { bools: [...value] as boolean[] } : { bool: value as boolean };
    }
    if (type === binding.TF_ATTR_STRING) return { string: value as string };
    if (type === binding.TF_ATTR_TYPE) return { type: value as number };
    if (type !== binding.TF_ATTR_SHAPE) this.fail(`gives attribute ${name} of an unknown type`);
    return { shape: [...(value as number[])] };
  }
}
