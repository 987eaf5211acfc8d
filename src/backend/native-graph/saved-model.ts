/**
 * TensorFlow's graphs as a SavedModel file, the one form in which tfjs-node takes them.
 *
 * Field numbers are those of tensorflow/core/framework/{graph,node_def,attr_value,tensor,tensor_shape}.proto and
 * tensorflow/core/protobuf/{meta_graph,saved_model}.proto.
 */
import { boolean, bytes, type Field, float, integer, message, packedFloats, packedIntegers } from './wire.ts';

/** A node of a graph. */
export interface GraphNode {
  readonly name: string;
  /** TensorFlow's name of the operation. */
  readonly op: string;
  /** `<node>:<output>` each, then `^<node>` for what has to run before. */
  readonly inputs: readonly string[];
  readonly attributes: Readonly<Record<string, Attribute>>;
}

/** The value of an attribute. */
export type Attribute =
  | { readonly int: number }
  | { readonly ints: readonly number[] }
  | { readonly float: number }
  | { readonly floats: readonly number[] }
  | { readonly bool: boolean }
  | { readonly bools: readonly boolean[] }
  | { readonly string: string }
  | { readonly shape: readonly number[] }
  /** TensorFlow's number of a type. */
  | { readonly type: number }
  | { readonly tensor: TensorValue };

/** A tensor's values, as they lie in memory. */
export interface TensorValue {
  readonly dtype: number;
  readonly shape: readonly number[];
  readonly content: Uint8Array;
}

/** The tag under which the graph is loaded. */
export const GRAPH_TAG = 'serve';

/** Version of the operations' meaning; this one is TensorFlow 2.4's, which every binding understands. */
const PRODUCER = 561;

/** The file `saved_model.pb` of one graph. */
export function savedModel(nodes: readonly GraphNode[]): Uint8Array {
  const graph = message(...nodes.map((node) => bytes(1, nodeDef(node))), bytes(4, integer(1, PRODUCER)));
  const information = message(bytes(4, GRAPH_TAG));
  return message(integer(1, 1), bytes(2, message(bytes(1, information), bytes(2, graph))));
}

function nodeDef({ name, op, inputs, attributes }: GraphNode): Uint8Array {
  return message(
    bytes(1, name),
    bytes(2, op),
    ...inputs.map((input) => bytes(3, input)),
    ...Object.entries(attributes).map(([key, value]) =>
      bytes(5, message(bytes(1, key), bytes(2, attributeValue(value)))),
    ),
  );
}

function attributeValue(value: Attribute): Field {
  if ('int' in value) return integer(3, value.int);
  if ('float' in value) return float(4, value.float);
  if ('bool' in value) return boolean(5, value.bool);
  if ('string' in value) return bytes(2, value.string);
  if ('type' in value) return integer(6, value.type);
  if ('shape' in value) return bytes(7, shapeOf(value.shape));
  if ('tensor' in value) return bytes(8, tensorProto(value.tensor));
  return bytes(1, listOf(value));
}

function listOf(
  value: Extract<Attribute, { ints: unknown } | { floats: unknown } | { bools: unknown }>,
): Field {
  if ('ints' in value) return packedIntegers(3, value.ints);
  if ('floats' in value) return packedFloats(4, value.floats);
  return packedIntegers(5, value.bools.map(Number));
}

function shapeOf(shape: readonly number[]): Uint8Array {
  return message(...shape.map((size) => bytes(2, integer(1, size))));
}

function tensorProto({ dtype, shape, content }: TensorValue): Uint8Array {
  return message(integer(1, dtype), bytes(2, shapeOf(shape)), bytes(4, content));
}
