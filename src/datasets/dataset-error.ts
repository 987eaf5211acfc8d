/**
 * What a reader or a download throws when the data on disk or on the wire is not what it should be.
 *
 * The message is one sentence: `<file>: expected <what>, got <what came>`.
 */
export class DatasetError extends Error {
  override readonly name = 'DatasetError';
}

/** The sentence of a {@link DatasetError}, with its cause where another error led to it. */
export function datasetError(where: string, expected: string, got: string, cause?: unknown): DatasetError {
  return new DatasetError(`${where}: expected ${expected}, got ${got}`, cause === undefined ? {} : { cause });
}

/** The `code` of a Node error such as `ENOENT`, or null for anything else. */
export function errorCode(error: unknown): string | null {
  if (!(error instanceof Error) || !('code' in error)) return null;
  return typeof error.code === 'string' ? error.code : null;
}
