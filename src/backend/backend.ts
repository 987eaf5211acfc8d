/**
 * Which TensorFlow.js engine computes: native TensorFlow if it loads, else a graphics card if WebGPU reaches one,
 * else WebAssembly, else only what the user names.
 *
 * The plain-JavaScript engine is some sixty times slower than WebAssembly, and WebGPU without a card slower still, so
 * neither is ever a silent fallback.
 * Whatever is chosen gets its second derivatives repaired, and WebAssembly the kernels it lacks for training.
 */
import { createRequire } from 'node:module';
import path from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { BACKEND_NAMES, type BackendName } from './backend-names.ts';
import { startTensorFlow } from './native-tensorflow.ts';
import { registerNativeTrainingKernels } from './native-training-kernels.ts';
import { oneSentence } from './one-sentence.ts';
import { repairSecondDerivatives } from './second-derivatives.ts';
import { registerWasmTrainingKernels } from './wasm-training-kernels.ts';
import { startWebGpu } from './webgpu.ts';

/** A backend that was tried and could not be had, with one sentence why. */
export interface RejectedBackend {
  readonly backend: BackendName;
  readonly reason: string;
}

export interface BackendChoice {
  readonly backend: BackendName;
  /** Package and version, such as `@tensorflow/tfjs-backend-wasm 4.22.0`. */
  readonly detail: string;
  /** What came before it on the ladder, in the order tried. Empty if the backend was named. */
  readonly rejected: readonly RejectedBackend[];
}

// In a variable of type string, so that the compiler does not resolve the package.
const WASM_PACKAGE: string = '@tensorflow/tfjs-backend-wasm';

/** What is tried if nothing is named. */
const LADDER: readonly BackendName[] = ['tensorflow', 'webgpu', 'wasm'];

const require = createRequire(import.meta.url);
const started = new Map<BackendName, Promise<string>>();
let current: Promise<BackendChoice> | undefined;

/**
 * Chooses the engine that all of TensorFlow.js uses from here on, and makes it fit for training.
 *
 * Without a name: the engine already chosen in this process, else `tensorflow` if a native package loads, else
 * `webgpu` if there is a graphics card, else `wasm`. Calling it again changes nothing.
 *
 * @param name the one wanted; an error if it cannot be had, never another in its place. `webgpu` by name also
 *   takes an adapter that is only software.
 * @throws RangeError for a name that is not a backend
 * @throws Error with one sentence if the named backend cannot be had
 */
export function selectBackend(name?: BackendName): Promise<BackendChoice> {
  if (name !== undefined && !BACKEND_NAMES.includes(name)) {
    const known = BACKEND_NAMES.join(', ');
    return Promise.reject(new RangeError(`selectBackend.name: expected one of ${known}, got ${name}`));
  }
  if (name === undefined && current !== undefined) return current;
  const previous = current;
  const choosing = choose(name);
  current = choosing;
  // A failed choice must not stand in the way of the next one.
  choosing.catch(() => {
    if (current === choosing) current = previous;
  });
  return choosing;
}

async function choose(name: BackendName | undefined): Promise<BackendChoice> {
  // Only switches off TensorFlow.js's advice on the console (flag PROD is read nowhere else in 4.22).
  tf.enableProdMode();
  const rejected: RejectedBackend[] = [];
  for (const backend of name === undefined ? LADDER : [name]) {
    try {
      const detail = await startOnce(backend, name !== undefined);
      await keepingListeners(async () => {
        if (!(await tf.setBackend(backend))) throw new Error(`TensorFlow.js could not start ${backend}`);
      });
      if (backend === 'wasm') registerWasmTrainingKernels();
      if (backend === 'tensorflow') registerNativeTrainingKernels();
      repairSecondDerivatives();
      return { backend, detail, rejected };
    } catch (error) {
      rejected.push({ backend, reason: oneSentence(error) });
    }
  }
  throw new Error(rejected.map(({ backend, reason }) => `${backend} cannot be had: ${reason}`).join('; '));
}

/**
 * Undoes what the WebAssembly module does to its process: it takes uncaught errors and throws them again, upon which
 * Node prints the module's whole code, on one line, before the error.
 */
async function keepingListeners(start: () => Promise<void>): Promise<void> {
  const events = ['uncaughtException', 'unhandledRejection'] as const;
  const before = new Map(events.map((event) => [event, new Set(process.rawListeners(event))]));
  await start();
  for (const event of events) {
    for (const listener of process.rawListeners(event)) {
      if (before.get(event)?.has(listener) === false) process.off(event, listener as () => void);
    }
  }
}

/** Loads a backend's package once a process and returns its package and version. */
function startOnce(backend: BackendName, named: boolean): Promise<string> {
  const starting = started.get(backend) ?? starters[backend](named);
  started.set(backend, starting);
  starting.catch(() => started.delete(backend));
  return starting;
}

const starters: Record<BackendName, (named: boolean) => Promise<string>> = {
  tensorflow: startTensorFlow,
  webgpu: (named) => startWebGpu({ allowSoftware: named }),
  wasm: startWasm,
  cpu: () => Promise.resolve(`@tensorflow/tfjs-backend-cpu ${tf.version['tfjs-backend-cpu']}, JavaScript`),
};

async function startWasm(): Promise<string> {
  const manifest = require.resolve(`${WASM_PACKAGE}/package.json`);
  const wasm = (await import(WASM_PACKAGE)) as { setWasmPaths(folder: string): void; version_wasm: string };
  // A bare file name would be looked for in the working folder.
  wasm.setWasmPaths(path.join(path.dirname(manifest), 'dist', path.sep));
  return `${WASM_PACKAGE} ${wasm.version_wasm}`;
}
