import { describe, expect, test } from 'vitest';
import * as wire from '../../../src/backend/native-graph/wire.ts';

const hex = (content: Uint8Array) => Buffer.from(content).toString('hex');

// The examples of https://protobuf.dev/programming-guides/encoding, and values beside their limits.
describe('a field of a protocol buffer', () => {
  test.each([
    [150, '089601'],
    [0, '0800'],
    [127, '087f'],
    [128, '088001'],
    [2 ** 40, '08808080808020'],
    [-1, '08ffffffffffffffffff01'],
    [-2, '08feffffffffffffffff01'],
  ])('holds the integer %d in groups of seven bits', (value, expected) => {
    expect(hex(wire.integer(1, value))).toBe(expected);
  });

  test('holds a string with its length', () => {
    expect(hex(wire.bytes(2, 'testing'))).toBe('120774657374696e67');
  });

  test('holds a message like a string', () => {
    expect(hex(wire.bytes(3, wire.message(wire.integer(1, 150))))).toBe('1a03089601');
  });

  test('holds packed integers', () => {
    expect(hex(wire.packedIntegers(6, [3, 270, 86942]))).toBe('3206038e029ea705');
  });

  test('holds a float32, the lowest byte first', () => {
    expect(hex(wire.float(4, 1))).toBe('250000803f');
    expect(hex(wire.packedFloats(4, [1, -2]))).toBe('22080000803f000000c0');
  });

  test('takes two bytes for a number of a field above 15', () => {
    expect(hex(wire.boolean(16, true))).toBe('800101');
  });
});
