/**
 * The graph of a recording: what it computes as nodes, what is fed and what is fetched.
 *
 * Names count up in the order of the recording, so the same work gives the same nodes. Operations that nothing depends
 * on are left out. Those on a resource run in the order of the recording.
 */
import type * as tf from '@tensorflow/tfjs';
import type { Recording, TensorForm } from './recording.ts';
import { type NativeResource, resourceOf } from './resource.ts';
import type { GraphNode } from './saved-model.ts';

/** What a placeholder stands for. */
export type Source =
  | { readonly kind: 'input'; readonly name: string }
  | { readonly kind: 'variable'; readonly variable: tf.Variable }
  /** A number that the host computes at each step, by its place. */
  | { readonly kind: 'number'; readonly index: number }
  /** A tensor from outside, by the binding's number. */
  | { readonly kind: 'captured'; readonly id: number };

/** A placeholder to feed. */
export interface Feed {
  readonly name: string;
  readonly source: Source;
}

/** A resource of the graph's session, and the names by which it is reached. */
export interface GraphResource {
  readonly resource: NativeResource;
  /** Whether the graph needs its values from before. */
  readonly isRead: boolean;
  readonly value: string;
  /** To feed, and to fetch when it has been set. */
  readonly initial: string;
  readonly done: string;
}

export interface StepGraph {
  readonly nodes: readonly GraphNode[];
  readonly feeds: readonly Feed[];
  /** One name a result. */
  readonly fetches: readonly string[];
  readonly resources: readonly GraphResource[];
}

/**
 * Builds the graph that fetches some of a recording's tensors.
 *
 * @param sources of tensors that were there before, by the binding's numbers; what is not among them is captured
 * @param results the binding's numbers
 */
export function stepGraph(
  recording: Recording,
  sources: ReadonlyMap<number, Source>,
  results: readonly number[],
): StepGraph {
  const builder = new Builder(recording, sources);
  builder.addOperations(results);
  return builder.finish(results);
}

/** Operations that tfjs-node calls without the type of their first input, which a graph has to name. */
const WITHOUT_TYPE: ReadonlySet<string> = new Set(['ExpandDims']);

/** float32, the only type of a resource here. */
const FLOAT = { type: 1 } as const;

class Builder {
  readonly #recording: Recording;
  readonly #sources: ReadonlyMap<number, Source>;
  readonly #nodes: GraphNode[] = [];
  readonly #feeds: Feed[] = [];
  /** `<node>:<output>` by the binding's number. */
  readonly #names = new Map<number, string>();
  readonly #resources = new Map<number, GraphResource>();
  /** The node that touched a resource last. */
  readonly #lastTouch = new Map<number, string>();

  constructor(recording: Recording, sources: ReadonlyMap<number, Source>) {
    this.#recording = recording;
    this.#sources = sources;
  }

  /** All operations that results and resources depend on. */
  addOperations(results: readonly number[]): void {
    const needed = neededOperations(this.#recording, results);
    for (const [index, { op, attributes, inputs, outputs }] of this.#recording.operations.entries()) {
      if (!needed.has(index)) continue;
      const name = `n${index}`;
      const isFirst = op === 'AssignVariableOp';
      const data = inputs.map((id) => this.#nameOf(id, isFirst));
      const resources = inputs.filter((id) => this.#resources.has(id));
      const before = resources.flatMap((id) => this.#lastTouch.get(id) ?? []);
      for (const id of resources) this.#lastTouch.set(id, name);
      const controls = [...new Set(before)].map((node) => `^${node}`);
      const type = WITHOUT_TYPE.has(op) ? { T: { type: this.#formOf(inputs[0] as number).dtype } } : {};
      this.#nodes.push({ name, op, attributes: { ...type, ...attributes }, inputs: [...data, ...controls] });
      outputs.forEach((id, output) => {
        this.#names.set(id, `${name}:${output}`);
      });
    }
  }

  finish(results: readonly number[]): StepGraph {
    const last = [...new Set(this.#lastTouch.values())].map((node) => `^${node}`);
    const fetches = results.map((id, index) => {
      const name = `result${index}`;
      // The first waits for all resources. Identities, because a placeholder cannot be fetched.
      const inputs = [this.#nameOf(id, false), ...(index === 0 ? last : [])];
      const { dtype } = this.#formOf(id);
      this.#nodes.push({ name, op: 'Identity', attributes: { T: { type: dtype } }, inputs });
      return `${name}:0`;
    });
    return {
      nodes: this.#nodes,
      feeds: this.#feeds,
      fetches,
      resources: [...this.#resources.values()],
    };
  }

  #nameOf(id: number, isAssigned: boolean): string {
    const known = this.#names.get(id);
    if (known !== undefined) return known;
    const resource = resourceOf(id);
    const name = resource ? this.#addResource(id, resource, !isAssigned) : this.#addValue(id);
    this.#names.set(id, name);
    return name;
  }

  #addValue(id: number): string {
    const source = this.#sources.get(id);
    const constant = this.#recording.constants.get(id);
    if (source === undefined && constant !== undefined) {
      const name = `constant${this.#names.size}`;
      const attributes = { dtype: { type: constant.dtype }, value: { tensor: constant } };
      this.#nodes.push({ name, op: 'Const', inputs: [], attributes });
      return `${name}:0`;
    }
    const name = `feed${this.#feeds.length}`;
    this.#addPlaceholder(name, this.#formOf(id));
    this.#feeds.push({ name: `${name}:0`, source: source ?? { kind: 'captured', id } });
    return `${name}:0`;
  }

  #addPlaceholder(name: string, { dtype, shape }: TensorForm): void {
    const attributes = { dtype: { type: dtype }, shape: { shape } };
    this.#nodes.push({ name, op: 'Placeholder', inputs: [], attributes });
  }

  #addResource(id: number, resource: NativeResource, isRead: boolean): string {
    const name = `resource${this.#resources.size}`;
    const { shape } = resource;
    const shared = { container: { string: '' }, shared_name: { string: name } };
    this.#nodes.push({
      name,
      op: 'VarHandleOp',
      inputs: [],
      attributes: { ...shared, dtype: FLOAT, shape: { shape } },
    });
    const dtype = { dtype: FLOAT };
    this.#addPlaceholder(`${name}/initial`, { dtype: FLOAT.type, shape });
    const [initial, value] = [`${name}/initial:0`, `${name}/value:0`];
    this.#nodes.push(
      { name: `${name}/set`, op: 'AssignVariableOp', inputs: [`${name}:0`, initial], attributes: dtype },
      {
        name: `${name}/done`,
        op: 'Const',
        inputs: [`^${name}/set`],
        attributes: {
          dtype: FLOAT,
          value: { tensor: { dtype: FLOAT.type, shape: [], content: new Uint8Array(4) } },
        },
      },
      { name: `${name}/value`, op: 'ReadVariableOp', inputs: [`${name}:0`], attributes: dtype },
    );
    this.#resources.set(id, { resource, isRead, value, initial, done: `${name}/done:0` });
    return `${name}:0`;
  }

  #formOf(id: number): TensorForm {
    const form = this.#recording.forms.get(id) ?? this.#recording.constants.get(id);
    if (form === undefined) throw new Error('stepGraph.recording: expected float32, int32 and bool alone');
    return form;
  }
}

/** Places of the operations that results depend on, and of those that change resources. */
function neededOperations({ operations }: Recording, results: readonly number[]): Set<number> {
  const needed = new Set<number>();
  const wanted = new Set(results);
  // From the last to the first: each resource's operations depend on the earlier ones.
  for (let index = operations.length - 1; index >= 0; index--) {
    const { op, inputs, outputs } = operations[index] as Recording['operations'][number];
    const changes = op !== 'ReadVariableOp' && inputs.some((id) => resourceOf(id) !== undefined);
    if (!changes && !outputs.some((id) => wanted.has(id))) continue;
    needed.add(index);
    for (const id of inputs) wanted.add(id);
  }
  return needed;
}
