/**
 * Named variables to and from the host.
 */
import * as tf from '@tensorflow/tfjs';
import type { FloatTensor } from '../src/safetensors.ts';

/** Variables by name. */
export type Variables = Readonly<Record<string, tf.Variable>>;

/** Copies on the host, under the same names. */
export async function readVariables(variables: Variables): Promise<Map<string, FloatTensor>> {
  const reading = Object.entries(variables).map(async ([name, variable]): Promise<[string, FloatTensor]> => {
    // A copy, because some backends hand out the memory that the next step writes to.
    const values = Float32Array.from(await variable.data<'float32'>());
    return [name, { shape: variable.shape, values }];
  });
  return new Map(await Promise.all(reading));
}

/**
 * Sets every variable to the tensor of its name.
 *
 * @throws RangeError if a tensor is missing, has another shape, or belongs to no variable; nothing has changed
 *   then
 */
export function assignVariables(variables: Variables, tensors: ReadonlyMap<string, FloatTensor>): void {
  for (const [name, { shape }] of Object.entries(variables)) {
    const saved = tensors.get(name);
    if (!saved || !tf.util.arraysEqual([...saved.shape], shape)) {
      const got = saved ? `[${saved.shape.join(', ')}]` : 'none';
      throw new RangeError(`expected a tensor ${name} of shape [${shape.join(', ')}], got ${got}`);
    }
  }
  const unknown = [...tensors.keys()].find((name) => !(name in variables));
  if (unknown !== undefined) throw new RangeError(`expected the model's tensors alone, got ${unknown}`);
  for (const [name, variable] of Object.entries(variables)) {
    const { values } = tensors.get(name) as FloatTensor;
    tf.tidy(() => variable.assign(tf.tensor(Float32Array.from(values), variable.shape)));
  }
}
