/**
 * Whether a native TensorFlow loads and computes, asked of a process of its own.
 */
import { fileURLToPath } from 'node:url';
import type { NativeBuild } from '../native-build.ts';
import { lastLine, ProgramError, runProgram } from './subprocess.ts';
import type { Verified } from './verification.ts';

/** The program beside this file: TypeScript run from source, JavaScript in the package. */
const program = fileURLToPath(import.meta.url).replace(/verify\.(ts|js)$/, 'verification.$1');

/**
 * Loads a build in a process of its own and has it compute a matrix product and a convolution.
 *
 * @param build undefined for what the library would choose by itself
 * @throws Error with one sentence if it does not load or computes something else
 */
export async function verifyNative(build: NativeBuild | undefined, signal?: AbortSignal): Promise<Verified> {
  const loader = program.endsWith('.ts') ? ['--import', import.meta.resolve('tsx')] : [];
  const words = build === undefined ? [] : [JSON.stringify(build)];
  try {
    const printed = await runProgram(process.execPath, [...loader, program, ...words], { signal });
    return JSON.parse(lastLine(printed)) as Verified;
  } catch (error) {
    if (!(error instanceof ProgramError)) throw error;
    // A process that a signal ended, as a processor too old for the library does, has said nothing of its own.
    const reason = error.message.includes('was ended by') ? error.message : lastLine(error.output);
    throw new Error(`the native TensorFlow does not work: ${reason}`);
  }
}
