/** A step recorded once, and from then on run as one graph. */
import * as tf from '@tensorflow/tfjs';
import { type HostNumbers, type StepNumbers, supplyingStepNumbers } from '../each-step.ts';
import { oneSentence } from '../one-sentence.ts';
import { type BoundTensor, boundId, freshHandle, nativeEngine, TYPE_NUMBERS } from './binding.ts';
import { type Recording, record } from './recording.ts';
import type { Residence } from './resource.ts';
import { savedModel } from './saved-model.ts';
import type { Fed, GraphSession } from './session.ts';
import { idleSession, type LentSession, newSession } from './session-pool.ts';
import { type Source, type StepGraph, stepGraph } from './step-graph.ts';

/** Tensors by name. */
export type Tensors = Readonly<Record<string, tf.Tensor>>;

/** A step as its user wrote it. */
export type Step = (inputs: Tensors) => Tensors;

export interface PrepareOptions {
  /** Whether the step may use tensors that are neither inputs nor variables, and that do not change. */
  readonly usesConstants: boolean;
  /** Whether the graph outlives the step, for the next one that does the same. */
  readonly keepsGraph: boolean;
}

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
 * counts in JavaScript does not. Where a kept graph equals that of the first time, in every byte, there is no second:
 * the step before did the same twice.
 */
export function prepare(
  step: Step,
  inputs: Tensors,
  { usesConstants, keepsGraph }: PrepareOptions,
): Prepared {
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
  const fault = faultOf(first, usesConstants);
  if (fault !== undefined) return { fault, numbers };
  const drawn = first as Drawn;
  const content = savedModel(drawn.graph.nodes);
  const idle = keepsGraph ? idleSession(content) : undefined;
  if (idle) return { replay: new Replay(drawn, computations, idle), numbers };
  const saved = values.values();
  const second = sketch(step, inputs, () => saved.next().value ?? []);
  if (!isSame(drawn, second)) return { fault: 'does something else each time', numbers };
  try {
    return { replay: new Replay(drawn, computations, newSession(content, keepsGraph)), numbers };
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

/** A sketch that led to a graph. */
type Drawn = Sketch & { readonly graph: StepGraph };

function faultOf({ fault, graph }: Sketch, takesTensors: boolean): string | undefined {
  if (fault !== undefined) return fault;
  const captures = graph?.feeds.some(({ source }) => source.kind === 'captured');
  return captures && !takesTensors ? 'uses a tensor that is neither an input nor a variable' : undefined;
}

function isSame(first: Drawn, second: Sketch): boolean {
  if (!second.graph) return false;
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
  const isShared = variables.map(({ dataId }) => nativeEngine().refCount(dataId) !== 1);
  const before = variables.map((variable) => tf.keep(tf.clone(variable)));
  const sources = new Map<number, Source>();
  let sketched: Sketch | undefined;
  try {
    tf.tidy(() => {
      // Handles of their own, so that nothing with the same values is mistaken for them.
      variables.forEach((variable, i) => {
        if (isShared[i]) variable.assign(freshHandle(variable));
        sources.set(boundId(variable), { kind: 'variable', variable });
      });
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
      const values = before[i] as tf.Tensor;
      if (!variable.isDisposed && variable.dataId !== values.dataId) variable.assign(values);
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
  readonly #lent: LentSession;
  readonly #outputs: readonly string[];
  readonly #changed: readonly tf.Variable[];

  readonly #computations: readonly StepNumbers[];

  constructor({ graph, outputs, changed }: Drawn, computations: readonly StepNumbers[], lent: LentSession) {
    this.#computations = computations;
    this.#graph = graph;
    this.#session = lent.session;
    this.#lent = lent;
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

  /** Gives the session back. Resources whose values live there keep them. */
  dispose(): void {
    this.release();
    this.#lent.giveBack();
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
