/** Ops of native TensorFlow that TensorFlow.js has no name for, run through tfjs-node's backend. */
import * as tf from '@tensorflow/tfjs';

/** Values of an op's attributes; a type is float32 or int32. */
export type NativeAttributes = Readonly<Record<string, NativeAttribute>>;

export type NativeAttribute =
  | { readonly float: number }
  | { readonly int: number }
  | { readonly ints: readonly number[] }
  | { readonly bool: boolean }
  | { readonly string: string }
  | { readonly shape: readonly number[] }
  | 'float32'
  | 'int32';

interface NativeBackend {
  readonly binding: Readonly<
    Record<
      `TF_ATTR_${'FLOAT' | 'INT' | 'BOOL' | 'STRING' | 'SHAPE' | 'TYPE'}` | 'TF_FLOAT' | 'TF_INT32',
      number
    >
  >;
  executeMultipleOutputs(
    name: string,
    attributes: object[],
    inputs: readonly tf.TensorInfo[],
    outputs: number,
  ): tf.Tensor[];
}

/** Whether native TensorFlow is the engine in use. */
export function isNative(): boolean {
  return tf.getBackend() === 'tensorflow';
}

/**
 * Runs an op of TensorFlow by its name. Nothing is recorded for a gradient. Only where {@link isNative}.
 *
 * @returns its outputs, which belong to the scope around and which the caller disposes
 */
export function runNativeOp(
  name: string,
  inputs: readonly tf.TensorInfo[],
  attributes: NativeAttributes,
  outputs: number,
): tf.Tensor[] {
  const backend = tf.backend() as unknown as NativeBackend;
  const encoded = Object.entries(attributes).map(([key, value]) => encode(backend, key, value));
  return backend.executeMultipleOutputs(name, encoded, inputs, outputs);
}

function encode({ binding }: NativeBackend, name: string, value: NativeAttribute): object {
  if (value === 'int32') return { name, type: binding.TF_ATTR_TYPE, value: binding.TF_INT32 };
  if (value === 'float32') return { name, type: binding.TF_ATTR_TYPE, value: binding.TF_FLOAT };
  if ('float' in value) return { name, type: binding.TF_ATTR_FLOAT, value: value.float };
  if ('int' in value) return { name, type: binding.TF_ATTR_INT, value: value.int };
  if ('ints' in value) return { name, type: binding.TF_ATTR_INT, value: value.ints };
  if ('bool' in value) return { name, type: binding.TF_ATTR_BOOL, value: value.bool };
  if ('string' in value) return { name, type: binding.TF_ATTR_STRING, value: value.string };
  return { name, type: binding.TF_ATTR_SHAPE, value: value.shape };
}
