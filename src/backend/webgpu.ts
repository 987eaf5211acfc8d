/**
 * The graphics card by way of WebGPU: TensorFlow.js's own backend on Dawn, which the npm package `webgpu` brings.
 *
 * Differs from how the backend starts in a browser:
 *
 * - The adapter is chosen here, and `navigator.gpu` is there only while the backend is made.
 * - What goes wrong on the card is an error for whoever reads a result. In a browser it is a line on the console
 *   and a tensor of zeros.
 * - Small tensors are computed on the card as well. Otherwise the device that a value came from would change its
 *   last bits, and a training resumed from a file would not go on to the same bytes.
 */
import { createRequire } from 'node:module';
import * as tf from '@tensorflow/tfjs';
import { listAdapters, type WebGpuAdapter, webGpuPackage } from './webgpu-adapters.ts';

// Names in variables of type string, so that neither compiler nor bundler resolves an optional package.
const BACKEND_PACKAGE: string = '@tensorflow/tfjs-backend-webgpu';

const require = createRequire(import.meta.url);

/** What is used of `@webgpu/types`, which would bring the names of the browser along. */
interface Device extends EventTarget {
  readonly lost: Promise<{ readonly message: string }>;
  destroy(): void;
}

interface Adapter {
  readonly info: object;
  readonly limits: Readonly<Record<string, number>>;
  requestDevice(descriptor: object): Promise<Device>;
}

interface Dawn {
  create(flags: readonly string[]): { requestAdapter(options: object): Promise<Adapter | null> };
  readonly globals: object;
}

interface Backend extends tf.KernelBackend {
  readonly tensorMap: { get(dataId: object): { readonly values: unknown; readonly dtype: string } };
}

type BackendClass = new (device: Device, info: object) => Backend;

// The card's own, or TensorFlow.js would be held to what every telephone can do. Names it sets, and the last one,
// by which it decides how many tensors one concatenation takes.
const LIMITS: readonly string[] = [
  'maxComputeWorkgroupStorageSize',
  'maxComputeWorkgroupsPerDimension',
  'maxStorageBufferBindingSize',
  'maxBufferSize',
  'maxComputeWorkgroupSizeX',
  'maxComputeInvocationsPerWorkgroup',
  'maxStorageBuffersPerShaderStage',
];

// Dawn answers for as long as it is referenced.
let dawn: object | undefined;

export interface WebGpuOptions {
  /** Whether an adapter that computes on the processor will do where there is no card. */
  readonly allowSoftware: boolean;
}

/**
 * Registers the backend `webgpu` on the best adapter.
 *
 * @returns what was loaded and the adapter, such as
 *   `@tensorflow/tfjs-backend-webgpu 4.22.0 on NVIDIA GeForce RTX 3070 (vulkan)`
 * @throws Error with one sentence that says why there is none
 */
export async function startWebGpu({ allowSoftware }: WebGpuOptions): Promise<string> {
  const version = backendVersion();
  const adapter = choose(await listAdapters(), allowSoftware);
  const { create, globals } = (await import(webGpuPackage())) as Dawn;
  const gpu = create([`backend=${adapter.api}`, `adapter=${adapter.name}`]);
  const opened = await gpu.requestAdapter({ powerPreference: 'high-performance' });
  if (opened === null) throw new Error(`${adapter.name} was there a moment ago and is not any more`);
  const requiredLimits = Object.fromEntries(LIMITS.map((name) => [name, opened.limits[name]]));
  const device = await opened.requestDevice({ requiredLimits });
  dawn = gpu;
  Object.assign(globalThis, globals);
  const { WebGPUBackend } = (await import(BACKEND_PACKAGE)) as { WebGPUBackend: BackendClass };
  tf.env().set('WEBGPU_CPU_FORWARD', false);
  const backend = withNavigator(() => createBackend(WebGPUBackend, device, opened.info));
  tf.registerBackend('webgpu', () => backend);
  // Else the driver's threads run on while the process takes itself apart.
  process.once('exit', () => device.destroy());
  return `${BACKEND_PACKAGE} ${version} on ${adapter.name} (${adapter.api}${adapter.software ? ', software' : ''})`;
}

function choose(adapters: readonly WebGpuAdapter[], allowSoftware: boolean): WebGpuAdapter {
  const [first] = adapters;
  if (first === undefined) {
    const driver = process.platform === 'linux' ? 'Vulkan driver' : 'driver';
    throw new Error(`no graphics card with a ${driver} was found`);
  }
  const card = adapters.find(({ software }) => !software);
  if (card !== undefined) return card;
  if (allowSoftware) return first;
  throw new Error(
    `there is no graphics card, only ${first.name}, which is software; used if webgpu is named`,
  );
}

function backendVersion(): string {
  try {
    return (require(`${BACKEND_PACKAGE}/package.json`) as { version: string }).version;
  } catch {
    throw new Error(`${BACKEND_PACKAGE} is not installed`);
  }
}

/** The backend that tells of errors on the card, and of reading without waiting, which only browsers can. */
function createBackend(WebGPUBackend: BackendClass, device: Device, info: object): Backend {
  let failure: Error | undefined;
  device.addEventListener('uncapturederror', (event) => {
    // Else Dawn writes it to the standard output.
    event.preventDefault();
    const { message } = (event as Event & { readonly error: Error }).error;
    failure ??= new Error(`WebGPU: ${message.split('\n')[0]}`);
  });
  device.lost.then(({ message }) => {
    failure ??= new Error(`WebGPU: the device was lost: ${message}`);
  });
  class NodeWebGPUBackend extends WebGPUBackend {
    override async read(dataId: object) {
      const values = await super.read(dataId).catch((error: Error) => {
        // Of a lost device Dawn says nothing but "AbortError".
        throw failure ?? new Error(`WebGPU: a result cannot be read: ${error.message || error.name}`);
      });
      if (failure !== undefined) throw failure;
      return values;
    }
    override readSync(dataId: object) {
      const { values, dtype } = this.tensorMap.get(dataId);
      if (!values && dtype !== 'complex64') {
        throw new Error(
          'tensor.dataSync: WebGPU cannot be read without waiting in Node, use await tensor.data()',
        );
      }
      return super.readSync(dataId);
    }
  }
  return new NodeWebGPUBackend(device, info);
}

/** Runs code that looks for `navigator.gpu`, of which Node has none. */
function withNavigator<T>(run: () => T): T {
  const before = Object.getOwnPropertyDescriptor(globalThis, 'navigator');
  Object.defineProperty(globalThis, 'navigator', { value: { gpu: dawn }, configurable: true });
  try {
    return run();
  } finally {
    if (before === undefined) Reflect.deleteProperty(globalThis, 'navigator');
    else Object.defineProperty(globalThis, 'navigator', before);
  }
}
