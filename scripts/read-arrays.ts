/**
 * Arrays that other frameworks wrote, read and checked before anything is computed from them.
 */
import { readFile } from 'node:fs/promises';
import { type NpyArray, parse } from 'npyjs';
import type { PoolArrays } from '../src/acquisition/select-from-arrays.ts';
import { ConfigError } from '../src/experiments/config-error.ts';

/** A row of probabilities may miss 1 by this much: float16 networks do. */
const SUM_TOLERANCE = 0.01;

export interface ArrayFiles {
  readonly features?: string | undefined;
  readonly probabilities?: string | undefined;
  readonly labelled?: string | undefined;
}

/**
 * The arrays of a pool: features `[n, ...]`, flattened to `[n, size]`; probabilities `[n, classes]` of one model, or
 * `[models, n, classes]` of several; labelled rows as a JSON list. Numbers of any type are computed with as float32.
 *
 * @throws ConfigError naming the flag if a file cannot be read, a number is not finite, rows of probabilities do not sum to 1,
 *   or the arrays have different numbers of rows
 */
export async function readArrays(files: ArrayFiles): Promise<PoolArrays> {
  const features = files.features === undefined ? undefined : await readFeatures(files.features);
  const probabilities =
    files.probabilities === undefined ? undefined : await readProbabilities(files.probabilities);
  const n = features?.n ?? probabilities?.n;
  if (n === undefined) {
    throw new ConfigError('expected --features FILE.npy or --probabilities FILE.npy, got neither');
  }
  if (probabilities !== undefined && probabilities.n !== n) {
    throw new ConfigError(
      `--probabilities: expected a row for each of the ${n} rows of --features, got ${probabilities.n}`,
    );
  }
  return {
    n,
    labelled: files.labelled === undefined ? [] : await readLabelled(files.labelled, n),
    ...(features && { features: { values: features.values, size: features.size } }),
    ...(probabilities && { probabilities: probabilities.table }),
  };
}

async function readFeatures(file: string) {
  const { values, shape } = await readNumbers('--features', file);
  const [n, ...rest] = shape;
  if (n === undefined || n === 0 || rest.length === 0 || values.length === 0) {
    throw new ConfigError(`--features: expected an array [n, size], got [${shape.join(', ')}] in ${file}`);
  }
  return { n, size: values.length / n, values };
}

async function readProbabilities(file: string) {
  const { values, shape } = await readNumbers('--probabilities', file);
  const [members, n, classes] = shape.length === 2 ? [1, ...shape] : shape;
  if (shape.length < 2 || shape.length > 3 || !members || !n || !classes || classes < 2) {
    throw new ConfigError(
      `--probabilities: expected an array [n, classes] or [models, n, classes] of two or more classes, got ` +
        `[${shape.join(', ')}] in ${file}`,
    );
  }
  for (let start = 0; start < values.length; start += classes) {
    const row = values.subarray(start, start + classes);
    const sum = row.reduce((total, p) => total + p, 0);
    if (Math.abs(sum - 1) > SUM_TOLERANCE || row.some((p) => p < 0)) {
      throw new ConfigError(
        `--probabilities: expected rows of probabilities that sum to 1, got [${[...row].join(', ')}] in row ` +
          `${(start / classes) % n} of ${file}; of logits take the softmax first`,
      );
    }
  }
  return { n, table: { probs: byRow(values, members, n, classes), members, classes } };
}

/** `[members, n, classes]` as `[n, members, classes]`. */
function byRow(values: Float32Array, members: number, n: number, classes: number): Float32Array {
  if (members === 1) return values;
  const turned = new Float32Array(values.length);
  for (let member = 0; member < members; member++) {
    for (let row = 0; row < n; row++) {
      const from = (member * n + row) * classes;
      turned.set(values.subarray(from, from + classes), (row * members + member) * classes);
    }
  }
  return turned;
}

async function readNumbers(
  flag: string,
  file: string,
): Promise<{ readonly values: Float32Array; readonly shape: readonly number[] }> {
  const bytes = await readBytes(flag, file);
  let array: NpyArray;
  try {
    array = parse(new Uint8Array(bytes).buffer);
  } catch (error) {
    throw new ConfigError(`${flag}: expected a .npy file, got ${file} (${(error as Error).message})`);
  }
  if (array.fortranOrder) {
    throw new ConfigError(
      `${flag}: expected an array in C order, got ${file} in Fortran order; save numpy.ascontiguousarray(array)`,
    );
  }
  if (!/^[fiu]\d$/.test(array.dtype)) {
    throw new ConfigError(`${flag}: expected numbers, got type ${array.dtype} in ${file}`);
  }
  const values = Float32Array.from(array.data as unknown as ArrayLike<number | bigint>, Number);
  const broken = values.findIndex((value) => !Number.isFinite(value));
  if (broken >= 0) {
    throw new ConfigError(
      `${flag}: expected finite numbers, got ${values[broken]} at place ${broken} of ${file}`,
    );
  }
  return { values, shape: array.shape };
}

async function readLabelled(file: string, n: number): Promise<number[]> {
  const text = (await readBytes('--labelled', file)).toString('utf8');
  let rows: unknown;
  try {
    rows = JSON.parse(text);
  } catch {
    rows = undefined;
  }
  const isRow = (row: unknown) => Number.isInteger(row) && (row as number) >= 0 && (row as number) < n;
  if (!Array.isArray(rows) || !rows.every(isRow) || new Set(rows).size < rows.length) {
    throw new ConfigError(
      `--labelled: expected a JSON list of different row numbers in [0, ${n}), got ${text.slice(0, 60).trim()} in ${file}`,
    );
  }
  return rows as number[];
}

async function readBytes(flag: string, file: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new ConfigError(`${flag}: expected a file that can be read, got "${file}" (${code})`);
  }
}
