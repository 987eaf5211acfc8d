/** A step recorded once, and from then on run as one graph. */
import * as tf from '@tensorflow/tfjs';
import { type HostNumbers, type StepNumbers, supplyingStepNumbers } from '../each-step.ts';
import { oneSentence } from '../one-sentence.ts';
import { type BoundTensor, boundId, freshHandle, nativeEngine, TYPE_NUMBERS } from './binding.ts';
import { type Recording, record } from './recording.ts';
import type { Residence } from './resource.ts';
import { savedModel } from './saved-model.ts';
import { type Fed, GraphSession } from './session.ts';
import { type Source, type StepGraph, stepGraph } from './step-graph.ts';

/** Tensors by name. */
export type Tensors = Readonly<Record<string, tf.Tensor>>;

/** A step as its user wrote it. */
export type Step = (inputs: Tensors) => Tensors;

/** What a first look at a step found. */
export interface Prepared {
  /** Absent where the step cannot be repeated. */
  readonly replay?: Replay;
  /** Why it cannot. */
  readonly fault?: string;
  /** The host's numbers of the step that was looked at, which has still to be taken. */
  readonly numbers: HostNumbers;
}

/**
 * Takes a step twice without effect, and makes a graph of it if both times did the same: a step that draws numbers or
 * counts in JavaScript does not.
 *
 * @param takesTensors whether the step may use tensors that are neither inputs nor variables, and that do not change
 */
export function prepare(step: Step, inputs: Tensors, takesTensors: boolean): Prepared {
  const computations: StepNumbers[] = [];
  const values: (readonly number[])[] = [];
  if (Object.values(inputs).some(({ dtype }) => TYPE_NUMBERS[dtype] === undefined)) {
    return { fault: 'takes in what is neither float32, int32 nor bool', numbers: { computations, values } };
  }
  const first = sketch(step, inputs, (compute) => {
    computations.push(compute);
    const computed = compute();
    values.push(computed);
    return computed;
  });
  const numbers = { computations, values };
  const fault = faultOf(first, takesTensors);
  if (fault !== undefined) return { fault, numbers };
  const saved = values.values();
  const second = sketch(step, inputs, () => saved.next().value ?? []);
  if (!isSame(first, second)) return { fault: 'does something else each time', numbers };
  try {
    return { replay: new Replay(first as Sketch & { graph: StepGraph }, computations), numbers };
  } catch (error) {
    return { fault: oneSentence(error), numbers };
  }
}

interface Sketch {
  readonly fault: string | undefined;
  readonly graph?: StepGraph;
  readonly outputs: readonly string[];
  readonly changed: readonly tf.Variable[];
}

function faultOf({ fault, graph }: Sketch, takesTensors: boolean): string | undefined {
  if (fault !== undefined) return fault;
  const captures = graph?.feeds.some(({ source }) => source.kind === 'captured');
  return captures && !takesTensors ? 'uses a tensor that is neither an input nor a variable' : undefined;
}

function isSame(first: Sketch, second: Sketch): boolean {
  if (!first.graph || !second.graph) return false;
  const { resources } = second.graph;
  return (
    JSON.stringify(endsOf(first)) === JSON.stringify(endsOf(second)) &&
    first.graph.resources.every(({ resource }, i) => resource === resources[i]?.resource) &&
    Buffer.compare(savedModel(first.graph.nodes), savedModel(second.graph.nodes)) === 0
  );
}

/** What goes in and comes out, in the order of the graph's names. */
function endsOf({ graph, outputs, changed }: Sketch): unknown {
  const feeds = graph?.feeds.map(({ source }) =>
    source.kind === 'variable' ? ['variable', source.variable.name] : source,
  );
  return [feeds, outputs, changed.map(({ name }) => name)];
}

/** Takes a step without effect. */
function sketch(step: Step, inputs: Tensors, numbersOf: (compute: StepNumbers) => readonly number[]): Sketch {
  const variables = Object.values(tf.engine().registeredVariables).filter(({ dtype }) => dtype === 'float32');
  const before = variables.map((variable) => tf.keep(tf.clone(variable)));
  const sources = new Map<number, Source>();
  let sketched: Sketch | undefined;
  try {
    tf.tidy(() => {
      // Handles of their own, so that no two of them are mistaken for each other.
      for (const variable of variables) {
        variable.assign(freshHandle(variable));
        sources.set(boundId(variable), { kind: 'variable', variable });
      }
      const fresh = Object.fromEntries(
        Object.entries(inputs).map(([name, tensor]) => [name, freshHandle(tensor)]),
      );
      for (const [name, tensor] of Object.entries(fresh))
        sources.set(boundId(tensor), { kind: 'input', name });
      const starts = variables.map(({ dataId }) => dataId);
      const { result, recording } = record(() => {
        const outputs = supplyingStepNumbers(
          (compute) => numbersOf(compute).map((value) => numberSource(value, sources)),
          () => step(fresh),
        );
        const changed = variables.filter(({ dataId }, i) => dataId !== starts[i]);
        const results = [...Object.values(outputs), ...changed].map(boundId);
        tf.dispose(Object.values(outputs).filter((output) => !(output instanceof tf.Variable)));
        return { outputs: Object.keys(outputs), changed, results };
      });
      sketched = sketchOf(recording, sources, result);
    });
    return sketched as Sketch;
  } finally {
    variables.forEach((variable, i) => {
      if (!variable.isDisposed) variable.assign(before[i] as tf.Tensor);
    });
    tf.dispose(before);
  }
}

function sketchOf(
  recording: Recording,
  sources: ReadonlyMap<number, Source>,
  {
    outputs,
    changed,
    results,
  }: Pick<Sketch, 'outputs' | 'changed'> & { readonly results: readonly number[] },
): Sketch {
  const { fault } = recording;
  if (fault !== undefined || results.length === 0)
    return { fault: fault ?? 'has no result', outputs, changed };
  try {
    return { fault, graph: stepGraph(recording, sources, results), outputs, changed };
  } catch (error) {
    return { fault: oneSentence(error), outputs, changed };
  }
}

function numberSource(value: number, sources: Map<number, Source>): tf.Scalar {
  const index = [...sources.values()].filter(({ kind }) => kind === 'number').length;
  const scalar = tf.scalar(value);
  sources.set(boundId(scalar), { kind: 'number', index });
  return scalar;
}

/** A step as one graph. */
export class Replay implements Residence {
  readonly #graph: StepGraph;
  readonly #session: GraphSession;
  readonly #outputs: readonly string[];
  readonly #changed: readonly tf.Variable[];

  readonly #computations: readonly StepNumbers[];

  constructor(
    { graph, outputs, changed }: Sketch & { readonly graph: StepGraph },
    computations: readonly StepNumbers[],
  ) {
    this.#computations = computations;
    this.#graph = graph;
    this.#session = new GraphSession(graph.nodes);
    this.#outputs = outputs;
    this.#changed = changed;
  }

  /**
   * Takes the step: assigns the variables it changes, and returns its outputs, which the caller disposes.
   *
   * @param numbers the host's, if they have been computed
   */
  run(inputs: Tensors, numbers?: HostNumbers): Tensors {
    const engine = nativeEngine();
    this.#takeResources();
    const values = numbers?.values ?? this.#computations.map((compute) => compute());
    const scalars = values.flat().map((value) => tf.scalar(value));
    const feeds = this.#graph.feeds.map(({ name, source }): Fed => {
      if (source.kind === 'captured') return [name, source.id];
      if (source.kind === 'variable') return [name, boundId(source.variable)];
      return [
        name,
        boundId((source.kind === 'input' ? inputs[source.name] : scalars[source.index]) as tf.Tensor),
      ];
    });
    const results = this.#session
      .run(feeds, this.#graph.fetches)
      .map((tensor) => engine.createOutputTensor(tensor));
    tf.dispose(scalars);
    this.#changed.forEach((variable, i) => {
      const value = results[this.#outputs.length + i] as tf.Tensor;
      variable.assign(value);
      value.dispose();
    });
    return Object.fromEntries(this.#outputs.map((name, i) => [name, results[i] as tf.Tensor]));
  }

  release(): void {
    const here = this.#graph.resources.filter(({ resource }) => resource.residence === this);
    if (here.length === 0) return;
    // In one run, because the first of each kind costs milliseconds.
    const values = this.#session.run(
      [],
      here.map(({ value }) => value),
    );
    here.forEach(({ resource }, i) => {
      const value = nativeEngine().createOutputTensor(values[i] as BoundTensor);
      resource.assign(value);
      value.dispose();
    });
  }

  /** Frees the session. Resources whose values live there keep them. */
  dispose(): void {
    this.release();
    this.#session.dispose();
  }

  #takeResources(): void {
    const away = this.#graph.resources.filter(({ resource }) => resource.residence !== this);
    const read = away.filter(({ isRead }) => isRead);
    if (read.length > 0) {
      tf.tidy(() => {
        // The session must not share memory with JavaScript, which only the main thread may give back.
        const feeds = read.map(
          ({ resource, initial }): Fed => [initial, boundId(tf.mul(resource.read(), 1))],
        );
        const done = this.#session.run(
          feeds,
          read.map((entry) => entry.done),
        );
        for (const { id } of done) nativeEngine().binding.deleteTensor(id);
      });
    }
    for (const { resource } of away) resource.moveTo(this);
  }
}
