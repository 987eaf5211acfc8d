/**
 * Writing protocol buffers: the few field types that TensorFlow's graphs need.
 *
 * Source: https://protobuf.dev/programming-guides/encoding. A field is its number and wire type, then its value; a
 * message is its fields one after the other.
 */

/** An encoded field, or several. */
export type Field = Uint8Array;

const VARINT = 0;
const LENGTH_DELIMITED = 2;
const FIXED_32 = 5;

/** Joins fields to the content of a message. */
export function message(...fields: readonly Field[]): Uint8Array {
  return Buffer.concat(fields);
}

/** An integer or an enumeration's number; a negative one takes ten bytes, as the format has it. */
export function integer(field: number, value: number): Field {
  return message(tag(field, VARINT), varint(value));
}

/** true or false. */
export function boolean(field: number, value: boolean): Field {
  return integer(field, value ? 1 : 0);
}

/** A float32. */
export function float(field: number, value: number): Field {
  const content = Buffer.alloc(4);
  content.writeFloatLE(value);
  return message(tag(field, FIXED_32), content);
}

/** Bytes, a string as UTF-8, or a message. */
export function bytes(field: number, content: Uint8Array | string): Field {
  const encoded = typeof content === 'string' ? Buffer.from(content) : content;
  return message(tag(field, LENGTH_DELIMITED), varint(encoded.length), encoded);
}

/** Integers in one field. */
export function packedIntegers(field: number, values: readonly number[]): Field {
  return bytes(field, message(...values.map(varint)));
}

/** float32 values in one field. */
export function packedFloats(field: number, values: readonly number[]): Field {
  const content = Buffer.alloc(4 * values.length);
  values.forEach((value, i) => {
    content.writeFloatLE(value, 4 * i);
  });
  return bytes(field, content);
}

function tag(field: number, wireType: number): Uint8Array {
  return varint(field * 8 + wireType);
}

/** Seven bits a byte, the lowest first; the eighth says that more follow. */
function varint(value: number): Uint8Array {
  let rest = BigInt.asUintN(64, BigInt(value));
  const content: number[] = [];
  while (rest > 127n) {
    content.push(Number(rest & 127n) | 128);
    rest >>= 7n;
  }
  content.push(Number(rest));
  return Uint8Array.from(content);
}
