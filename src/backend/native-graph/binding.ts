/** What of tfjs-node's backend and of its binding a recording and a graph need. */
import * as tf from '@tensorflow/tfjs';

/** An attribute as tfjs-node hands it to an operation. */
export interface BoundAttribute {
  readonly name: string;
  readonly type: number;
  readonly value: number | boolean | string | readonly number[] | readonly boolean[];
}

/** A tensor as the binding knows it. */
export interface BoundTensor {
  /** Never given to another tensor again. */
  readonly id: number;
  readonly dtype: number;
  readonly shape: number[];
}

/** The binding: C++ functions and TensorFlow's constants. */
export interface Binding {
  readonly TF_FLOAT: number;
  readonly TF_RESOURCE: number;
  readonly TF_ATTR_STRING: number;
  readonly TF_ATTR_INT: number;
  readonly TF_ATTR_FLOAT: number;
  readonly TF_ATTR_BOOL: number;
  readonly TF_ATTR_TYPE: number;
  readonly TF_ATTR_SHAPE: number;
  createTensor(shape: readonly number[], dtype: number, values: unknown): number;
  deleteTensor(id: number): void;
  executeOp(
    name: string,
    attributes: readonly BoundAttribute[],
    inputs: readonly number[],
    outputs: number,
  ): BoundTensor[];
  loadSavedModel(folder: string, tags: string): number;
  deleteSavedModel(id: number): void;
  /** Names are `<node>:<output>`, joined by commas. */
  runSavedModel(
    id: number,
    inputs: readonly number[],
    inputNames: string,
    outputNames: string,
  ): BoundTensor[];
}

/** tfjs-node's backend. */
export interface NativeEngine {
  binding: Binding;
  readonly isUsingGpuDevice: boolean;
  /** Puts tensors that are on the host only into TensorFlow. */
  getInputTensorIds(tensors: readonly tf.TensorInfo[]): number[];
  /** Tensors and variables that share these values; 0 if they are elsewhere. */
  refCount(dataId: object): number;
  createOutputTensor(tensor: BoundTensor): tf.Tensor;
  /** Takes values of the host in. */
  move(dataId: object, ...rest: readonly unknown[]): void;
  /** Every read of a tensor's values ends here. */
  readSync(dataId: object): unknown;
}

/** The backend, which must be native TensorFlow. */
export function nativeEngine(): NativeEngine {
  return tf.backend() as unknown as NativeEngine;
}

/** The binding's number of a tensor. */
export function boundId(tensor: tf.TensorInfo): number {
  return nativeEngine().getInputTensorIds([tensor])[0] as number;
}

/** TensorFlow's numbers of the types that a graph here takes in. */
export const TYPE_NUMBERS: Readonly<Partial<Record<tf.DataType, number>>> = {
  float32: 1,
  int32: 3,
  bool: 10,
};

/** The same values under a number of their own, without a copy. The caller disposes it. */
export function freshHandle(tensor: tf.Tensor): tf.Tensor {
  const engine = nativeEngine();
  const { binding } = engine;
  const type = { name: 'T', type: binding.TF_ATTR_TYPE, value: TYPE_NUMBERS[tensor.dtype] as number };
  const [fresh] = binding.executeOp('Identity', [type], [boundId(tensor)], 1);
  return engine.createOutputTensor(fresh as BoundTensor);
}
