/**
 * The safetensors file format, float32 only: named tensors and text metadata in one flat file that runs no
 * code when it is read.
 *
 * A file is the length of the header (8 bytes, little-endian), the header as JSON, and the tensors' bytes,
 * row-major and little-endian, without gaps.
 *
 * Source: Hugging Face, "safetensors", section "Format" (https://github.com/huggingface/safetensors).
 * Differs: other element types than F32 are refused.
 */
import { endianness } from 'node:os';

/** Numbers and the shape they fill, row by row. */
export interface FloatTensor {
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/** What a safetensors file holds. */
export interface TensorFile {
  readonly tensors: ReadonlyMap<string, FloatTensor>;
  readonly metadata: Readonly<Record<string, string>>;
}

const METADATA = '__metadata__';
const LENGTH_BYTES = 8;
/** The reference implementation's limit: a longer header is taken for a broken file. */
const LONGEST_HEADER = 100_000_000;

/**
 * The bytes of a safetensors file. Tensors are ordered by name and the header is padded to eight bytes, so
 * that the same content gives the same bytes, those of the reference implementation included.
 *
 * @throws RangeError if a tensor's values do not fill its shape, or it is named `__metadata__`
 */
export function encodeSafetensors(
  tensors: ReadonlyMap<string, FloatTensor>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  const names = [...tensors.keys()].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  // A list of pairs, not an object: names such as "1" would move to its front.
  const entries: [string, unknown][] = Object.keys(metadata).length > 0 ? [[METADATA, metadata]] : [];
  let size = 0;
  for (const name of names) {
    const { shape, values } = tensors.get(name) as FloatTensor;
    if (name === METADATA) {
      throw new RangeError(`encodeSafetensors.tensors: expected names other than ${METADATA}, got it`);
    }
    if (!shape.every(isLength) || product(shape) !== values.length) {
      throw new RangeError(
        `encodeSafetensors.tensors: expected values for the shape [${shape.join(', ')}] of ${name}, ` +
          `got ${values.length}`,
      );
    }
    entries.push([name, { dtype: 'F32', shape, data_offsets: [size, size + values.byteLength] }]);
    size += values.byteLength;
  }
  const json = Buffer.from(
    `{${entries.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`)}}`,
  );
  const start = LENGTH_BYTES + Math.ceil(json.length / 8) * 8;
  const file = Buffer.alloc(start + size, ' ', 'latin1');
  file.writeBigUInt64LE(BigInt(start - LENGTH_BYTES), 0);
  json.copy(file, LENGTH_BYTES);
  let offset = start;
  for (const name of names) {
    const { values } = tensors.get(name) as FloatTensor;
    littleEndian(Buffer.from(values.buffer, values.byteOffset, values.byteLength)).copy(file, offset);
    offset += values.byteLength;
  }
  return file;
}

/**
 * What the bytes of a safetensors file hold. The tensors are copies.
 *
 * @param name what to call the file in errors, such as its path
 * @throws RangeError if the file is cut short, has bytes to spare, is no safetensors file, or holds anything
 *   but float32
 */
export function decodeSafetensors(bytes: Uint8Array, name = 'decodeSafetensors.bytes'): TensorFile {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (file.length < LENGTH_BYTES) {
    throw new RangeError(`${name}: expected a safetensors file, got ${file.length} bytes`);
  }
  const length = file.readBigUInt64LE(0);
  if (length > LONGEST_HEADER) {
    throw new RangeError(`${name}: expected a safetensors file, got a header length of ${length} bytes`);
  }
  const start = LENGTH_BYTES + Number(length);
  if (start > file.length) {
    throw new RangeError(
      `${name}: expected a header of ${length} bytes, got ${file.length - LENGTH_BYTES}: the file is cut short`,
    );
  }
  const data = file.subarray(start);
  const { entries, metadata } = parseHeader(file.subarray(LENGTH_BYTES, start), name);
  let end = 0;
  const tensors = new Map<string, FloatTensor>();
  for (const entry of entries.sort((a, b) => a.begin - b.begin || a.end - b.end)) {
    if (entry.begin !== end) {
      throw new RangeError(
        `${name}: expected ${entry.name} to start at byte ${end} of the data, got ${entry.begin}`,
      );
    }
    end = entry.end;
    if (end > data.length) {
      throw new RangeError(
        `${name}: expected ${end} bytes of data for ${entry.name}, got ${data.length}: the file is cut short`,
      );
    }
    // A slice of its own starts at a multiple of four, which Float32Array needs.
    const own = littleEndian(Uint8Array.prototype.slice.call(data, entry.begin, end));
    const values = new Float32Array(own.buffer, own.byteOffset, own.byteLength / 4);
    tensors.set(entry.name, { shape: entry.shape, values });
  }
  if (end !== data.length) {
    throw new RangeError(`${name}: expected ${end} bytes of data, got ${data.length}`);
  }
  return { tensors, metadata };
}

interface Entry {
  readonly name: string;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

function parseHeader(
  header: Uint8Array,
  name: string,
): { entries: Entry[]; metadata: Record<string, string> } {
  let parsed: unknown;
  try {
    parsed = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(header));
  } catch {
    throw new RangeError(`${name}: expected a safetensors header in JSON, got something else`);
  }
  if (!isRecord(parsed)) {
    throw new RangeError(`${name}: expected a safetensors header that is a JSON object, got another value`);
  }
  const { [METADATA]: metadata = {}, ...tensors } = parsed;
  if (!isRecord(metadata) || !Object.values(metadata).every((value) => typeof value === 'string')) {
    throw new RangeError(`${name}: expected ${METADATA} to map names to text, got something else`);
  }
  const entries = Object.entries(tensors).map(([tensor, entry]) => parseEntry(tensor, entry, name));
  return { entries, metadata: metadata as Record<string, string> };
}

function parseEntry(tensor: string, entry: unknown, name: string): Entry {
  const { dtype, shape, data_offsets: offsets } = isRecord(entry) ? entry : {};
  if (dtype !== 'F32') {
    // Half and double precision are what other writers have; weights lose nothing that matters on the way.
    const way = isFloat(dtype) ? '; convert it where it was written, in PyTorch with tensor.float()' : '';
    throw new RangeError(`${name}: expected ${tensor} to be F32, got ${JSON.stringify(dtype)}${way}`);
  }
  if (!Array.isArray(shape) || !shape.every(isLength)) {
    throw new RangeError(`${name}: expected a shape for ${tensor}, got ${JSON.stringify(shape)}`);
  }
  const [begin, end] = Array.isArray(offsets) && offsets.length === 2 ? offsets : [];
  if (!isLength(begin) || !isLength(end) || end - begin !== product(shape) * 4) {
    throw new RangeError(
      `${name}: expected ${product(shape) * 4} bytes for ${tensor} of shape [${shape.join(', ')}], ` +
        `got offsets ${JSON.stringify(offsets)}`,
    );
  }
  return { name: tensor, shape, begin, end };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isFloat(dtype: unknown): boolean {
  return dtype === 'F16' || dtype === 'BF16' || dtype === 'F64';
}

function isLength(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function product(shape: readonly number[]): number {
  return shape.reduce((size, length) => size * length, 1);
}

/** The same bytes where the machine is little-endian, else a copy with the bytes of each float reversed. */
function littleEndian(bytes: Uint8Array): Buffer {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return endianness() === 'LE' ? buffer : Buffer.from(buffer).swap32();
}
