import { expect, test } from 'vitest';
import { decodeSafetensors, encodeSafetensors, type FloatTensor } from '../src/safetensors.ts';

// From Python, safetensors 0.8 and numpy:
//   tensors = {'b': np.array([[1.5, -2, 0.1], [3e-40, np.inf, -0.0]], np.float32),
//              'a/w': np.arange(4, dtype=np.float32).reshape(2, 1, 2),
//              'scalar': np.array(7.25, np.float32), 'empty': np.zeros((0, 3), np.float32)}
//   print(safetensors.numpy.save(tensors, {'note': 'caf\u00e9 "x"'}).hex())
const PYTHON = Buffer.from(
  '18010000000000007b225f5f6d657461646174615f5f223a7b226e6f7465223a22636166c3a9205c22785c22227d2c22' +
    '612f77223a7b226474797065223a22463332222c227368617065223a5b322c312c325d2c22646174615f6f6666736574' +
    '73223a5b302c31365d7d2c2262223a7b226474797065223a22463332222c227368617065223a5b322c335d2c22646174' +
    '615f6f666673657473223a5b31362c34305d7d2c22656d707479223a7b226474797065223a22463332222c2273686170' +
    '65223a5b302c335d2c22646174615f6f666673657473223a5b34302c34305d7d2c227363616c6172223a7b2264747970' +
    '65223a22463332222c227368617065223a5b5d2c22646174615f6f666673657473223a5b34302c34345d7d7d20202020' +
    '000000000000803f00000040000040400000c03f000000c0cdcccc3d474403000000807f000000800000e840',
  'hex',
);

const TENSORS = new Map<string, FloatTensor>([
  ['b', { shape: [2, 3], values: Float32Array.of(1.5, -2, 0.1, 3e-40, Number.POSITIVE_INFINITY, -0) }],
  ['a/w', { shape: [2, 1, 2], values: Float32Array.of(0, 1, 2, 3) }],
  ['scalar', { shape: [], values: Float32Array.of(7.25) }],
  ['empty', { shape: [0, 3], values: new Float32Array(0) }],
]);
const METADATA = { note: 'caf\u00e9 "x"' };

test('reads what Python wrote', () => {
  const { tensors, metadata } = decodeSafetensors(PYTHON);
  expect(metadata).toEqual(METADATA);
  expect(new Set(tensors.keys())).toEqual(new Set(TENSORS.keys()));
  for (const [name, tensor] of TENSORS) expect(tensors.get(name)).toEqual(tensor);
});

test('writes the bytes that Python writes, whatever the order of the tensors', () => {
  expect(Buffer.from(encodeSafetensors(TENSORS, METADATA)).equals(PYTHON)).toBe(true);
  const reversed = new Map([...TENSORS].reverse());
  expect(Buffer.from(encodeSafetensors(reversed, METADATA)).equals(PYTHON)).toBe(true);
});

test('returns every bit of what it was given, names in number form included', () => {
  const values = Float32Array.of(Number.NaN, 0.1, -1e-45, 3.4e38);
  const tensors = new Map([
    ['10', { shape: [4], values }],
    ['9', { shape: [2, 2], values: values.subarray(0) }],
  ]);
  const decoded = decodeSafetensors(encodeSafetensors(tensors));
  expect(decoded.metadata).toEqual({});
  for (const name of ['9', '10']) {
    const bits = new Uint32Array(decoded.tensors.get(name)!.values.buffer);
    expect(bits).toEqual(new Uint32Array(values.buffer));
  }
});

test('reads from a view that starts at an odd byte, and copies', () => {
  const shifted = new Uint8Array(PYTHON.length + 1);
  shifted.set(PYTHON, 1);
  const { tensors } = decodeSafetensors(shifted.subarray(1));
  shifted.fill(0);
  expect(tensors.get('b')).toEqual(TENSORS.get('b'));
});

test('refuses every truncation of a file', () => {
  for (let length = 0; length < PYTHON.length; length++) {
    expect(() => decodeSafetensors(PYTHON.subarray(0, length), 'w'), `${length} bytes`).toThrow(
      /^w: expected/,
    );
  }
});

function file(header: string, dataBytes: number): Uint8Array {
  const start = Buffer.alloc(8);
  start.writeBigUInt64LE(BigInt(Buffer.byteLength(header)));
  return Buffer.concat([start, Buffer.from(header), Buffer.alloc(dataBytes)]);
}
const entry = (shape: string, offsets: string, dtype = 'F32') =>
  `{"dtype":"${dtype}","shape":${shape},"data_offsets":${offsets}}`;

test.each([
  [
    'cut short',
    PYTHON.subarray(0, PYTHON.length - 1),
    'w: expected 44 bytes of data for scalar, got 43: the file is cut short',
  ],
  ['bytes to spare', Buffer.concat([PYTHON, Buffer.of(0)]), 'w: expected 44 bytes of data, got 45'],
  ['too short', Buffer.from('abc'), 'w: expected a safetensors file, got 3 bytes'],
  [
    'not the format',
    Buffer.from('PK\x03\x04 some archive, some archive'),
    'w: expected a safetensors file, got a header length',
  ],
  [
    'a cut header',
    PYTHON.subarray(0, 20),
    'w: expected a header of 280 bytes, got 12: the file is cut short',
  ],
  ['no JSON', file('{"a":', 0), 'w: expected a safetensors header in JSON, got something else'],
  ['a list', file('[]', 0), 'w: expected a safetensors header that is a JSON object, got another value'],
  ['another type', file(`{"a":${entry('[1]', '[0,8]', 'F64')}}`, 8), 'w: expected a to be F32, got "F64"'],
  ['no entry', file('{"a":3}', 8), 'w: expected a to be F32, got undefined'],
  ['a bad shape', file(`{"a":${entry('[-1]', '[0,4]')}}`, 4), 'w: expected a shape for a, got [-1]'],
  [
    'a wrong size',
    file(`{"a":${entry('[2]', '[0,4]')}}`, 4),
    'w: expected 8 bytes for a of shape [2], got offsets [0,4]',
  ],
  ['a gap', file(`{"a":${entry('[1]', '[4,8]')}}`, 8), 'w: expected a to start at byte 0 of the data, got 4'],
  [
    'an overlap',
    file(`{"a":${entry('[1]', '[0,4]')},"b":${entry('[1]', '[0,4]')}}`, 4),
    'w: expected b to start at byte 4 of the data, got 0',
  ],
  [
    'metadata of numbers',
    file('{"__metadata__":{"a":1}}', 0),
    'w: expected __metadata__ to map names to text, got something else',
  ],
] as const)('names the file and the fault: %s', (_, bytes, message) => {
  expect(() => decodeSafetensors(bytes, 'w')).toThrow(message);
});

test('refuses to write values that do not fill their shape, and the reserved name', () => {
  const values = new Float32Array(3);
  expect(() => encodeSafetensors(new Map([['a', { shape: [2, 2], values }]]))).toThrow(
    'encodeSafetensors.tensors: expected values for the shape [2, 2] of a, got 3',
  );
  expect(() => encodeSafetensors(new Map([['__metadata__', { shape: [3], values }]]))).toThrow(
    'encodeSafetensors.tensors: expected names other than __metadata__, got it',
  );
});
