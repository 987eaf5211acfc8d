/**
 * Steps that are taken many times, as one graph where the engine has graphs.
 *
 * Native TensorFlow runs an operation at a time, called from JavaScript, at 10 to 60 microseconds a call. As one graph
 * it fuses operations, folds constants and runs without calls between.
 */
import * as tf from '@tensorflow/tfjs';
import { type HostNumbers, supplyingStepNumbers } from './each-step.ts';
import { nativeEngine } from './native-graph/binding.ts';
import { isRecording } from './native-graph/recording.ts';
import { type Prepared, prepare, type Step, type Tensors } from './native-graph/replay.ts';
import { isNative } from './native-op.ts';

/** A step whose inputs and outputs are tensors by name; those of the inputs may be grouped in objects. */
export interface GraphStep<Inputs extends object, Outputs extends object> {
  /** Takes the step. Its outputs belong to the scope around, and to the caller. */
  (inputs: Inputs): Outputs;
  /** Why the last step was not taken as a graph; undefined if it was. */
  readonly obstacle: string | undefined;
  /** Frees the graphs. The step may still be taken, and is recorded anew. */
  dispose(): void;
}

export interface GraphStepOptions {
  /**
   * Whether the step may use tensors that are neither inputs nor variables. They must be the same ones at each step:
   * the graph keeps to those it was recorded with.
   */
  readonly usesConstants?: boolean;
  /**
   * Whether the graph stays when the step is disposed, for the next step that does the same to other variables and
   * constants of the same shapes. For steps that are made anew time and again, with little to optimise: a few such
   * graphs are kept, and what their optimisers held with them.
   */
  readonly keepsGraph?: boolean;
}

/** Graphs kept of one step, for inputs of different shapes. */
const MOST_GRAPHS = 4;

/**
 * A step of tensor operations that is repeated. It may read and assign any `tf.Variable` and apply any `Adam`.
 *
 * On native TensorFlow without a graphics card the first call takes the step twice without effect, to see what it does,
 * and makes a graph of it; the graph takes this step and all later ones. Results equal those of single operations to
 * rounding, and each other to the bit. Where a graph could do something else than the step, operations run one by one as
 * on every other engine: if values are read from the device, if random numbers are drawn, or if anything else changes
 * from call to call but inputs, variables and {@link eachStep}.
 *
 * What such a step does in JavaScript beside tensors is done while it is recorded and never again. It must not make or
 * dispose variables.
 *
 * @param step called with tensors of the same names as its inputs, not necessarily the same tensors; returns tensors by
 *   name
 */
export function graphStep<Inputs extends object, Outputs extends object>(
  step: (inputs: Inputs) => Outputs,
  { usesConstants = false, keepsGraph = false }: GraphStepOptions = {},
): GraphStep<Inputs, Outputs> {
  const prepared = new Map<string, Omit<Prepared, 'numbers'>>();
  let obstacle: string | undefined;
  const forget = (key: string): void => {
    prepared.get(key)?.replay?.dispose();
    prepared.delete(key);
  };
  const take = (inputs: Inputs): Outputs => {
    obstacle = hasGraphs() ? undefined : 'the engine has no graphs';
    // Inside another step, it is part of that step's graph.
    if (obstacle !== undefined || isRecording()) return step(inputs);
    const tensors = tensorsIn(inputs);
    const key = keyOf(tensors);
    let known = prepared.get(key);
    let numbers: HostNumbers | undefined;
    if (known === undefined) {
      const ofTensors: Step = (others) => step(withTensors(inputs, others)) as Tensors;
      const found = prepare(ofTensors, tensors, { usesConstants, keepsGraph });
      numbers = found.numbers;
      known = found;
      prepared.set(key, found);
      const [oldest] = prepared.keys();
      if (prepared.size > MOST_GRAPHS) forget(oldest as string);
    }
    obstacle = known.fault;
    if (known.replay) return known.replay.run(tensors, numbers) as Outputs;
    return numbers === undefined ? step(inputs) : withNumbers(numbers, () => step(inputs));
  };
  return Object.defineProperty(
    Object.assign(take, { dispose: () => [...prepared.keys()].forEach(forget) }),
    'obstacle',
    { get: () => obstacle },
  ) as GraphStep<Inputs, Outputs>;
}

function hasGraphs(): boolean {
  return isNative() && !nativeEngine().isUsingGpuDevice && process.env.GENAL_GRAPHS !== 'off';
}

function keyOf(tensors: Tensors): string {
  return JSON.stringify(Object.entries(tensors).map(([name, { dtype, shape }]) => [name, dtype, shape]));
}

/** Tensors in nested objects by their path, `batch/images`. */
function tensorsIn(tree: object, prefix = ''): Tensors {
  return Object.fromEntries(
    Object.entries(tree).flatMap(([name, value]: [string, unknown]) => {
      if (value instanceof tf.Tensor) return [[prefix + name, value]];
      return isObject(value) ? Object.entries(tensorsIn(value, `${prefix}${name}/`)) : [];
    }),
  );
}

/** The same objects around other tensors, named by their path. */
function withTensors<T extends object>(tree: T, tensors: Tensors, prefix = ''): T {
  return Object.fromEntries(
    Object.entries(tree).map(([name, value]: [string, unknown]) => {
      if (value instanceof tf.Tensor) return [name, tensors[prefix + name]];
      return [name, isObject(value) ? withTensors(value, tensors, `${prefix}${name}/`) : value];
    }),
  ) as T;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

/** Takes a step whose numbers have been computed. */
function withNumbers<T>({ values }: HostNumbers, action: () => T): T {
  const saved = values.values();
  return supplyingStepNumbers(
    (compute) => (saved.next().value ?? compute()).map((value) => tf.scalar(value)),
    action,
  );
}
