/** Arrays in NumPy's file format, version 1.0, written without a second copy in memory. */
import { open } from 'node:fs/promises';
import { endianness } from 'node:os';

/** A system call takes less than 2 GiB. */
const BYTES_AT_ONCE = 2 ** 30;

const TYPES = { Float32Array: 'f4', Float64Array: 'f8', Uint8Array: 'u1' } as const;

/** Writes an array of the given shape, row-major. */
export async function writeNpy(
  file: string,
  values: Float32Array | Float64Array | Uint8Array,
  shape: readonly number[],
): Promise<void> {
  const type = TYPES[values.constructor.name as keyof typeof TYPES];
  const order = type === 'u1' ? '|' : endianness() === 'LE' ? '<' : '>';
  const dimensions = shape.length === 1 ? `${shape[0]},` : shape.join(', ');
  const text = `{'descr': '${order}${type}', 'fortran_order': False, 'shape': (${dimensions}), }`;
  // Magic, version and length take 10 bytes; the whole header is a multiple of 64 that ends in a line feed.
  const length = Math.ceil((10 + text.length + 1) / 64) * 64 - 10;
  const header = Buffer.alloc(10 + length, ' ');
  header.write('\x93NUMPY\x01\x00', 'latin1');
  header.writeUInt16LE(length, 8);
  header.write(text, 10, 'latin1');
  header.write('\n', header.length - 1);
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  const handle = await open(file, 'w');
  try {
    await handle.writeFile(header);
    for (let start = 0; start < bytes.length; start += BYTES_AT_ONCE) {
      await handle.writeFile(bytes.subarray(start, start + BYTES_AT_ONCE));
    }
  } finally {
    await handle.close();
  }
}
