/**
 * The graphics cards that WebGPU reaches, and whatever pretends to be one.
 *
 * They are listed by a process of its own: drivers write to the console, and a broken one ends the process or never
 * answers. Neither may happen to whoever only wanted to know.
 */
import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { oneSentence } from './one-sentence.ts';

export interface WebGpuAdapter {
  /** The driver's name for it, such as `NVIDIA GeForce RTX 3070`. Two equal cards have the same. */
  readonly name: string;
  /** In lower case, such as `nvidia`; empty if unknown. */
  readonly vendor: string;
  /** Family of the chip, such as `ampere`; empty if unknown. */
  readonly architecture: string;
  /** Driver and version. */
  readonly driver: string;
  /** What the driver is spoken to in: `vulkan`, `metal` or `d3d12`. */
  readonly api: string;
  /** Whether the processor does the work, some thousand times slower: SwiftShader, llvmpipe, WARP. */
  readonly software: boolean;
}

/** Dawn's way to the card. Left to itself it tries all and complains on the console about each it lacks. */
const API = { win32: 'd3d12', darwin: 'metal' }[process.platform as string] ?? 'vulkan';

const TIMEOUT_MS = 30_000;

const require = createRequire(import.meta.url);

// Dawn names its adapters only in what it says when asked for one that does not exist.
const LISTING = `
const [api, module] = process.argv.slice(1);
const { create } = await import(module);
const ask = async (...flags) => {
  const adapter = await create(['backend=' + api, ...flags]).requestAdapter({ powerPreference: 'high-performance' });
  if (adapter === null) return null;
  const { vendor, architecture, device, description, isFallbackAdapter } = adapter.info;
  return { vendor, architecture, device, driver: description, software: isFallbackAdapter };
};
const best = await ask();
const adapters = [];
if (best !== null) {
  const said = await ask('adapter=(none of this name)').then(() => '', (error) => error.message);
  for (const [, name] of said.matchAll(/name: '(.*)'$/gm)) adapters.push({ name, ...await ask('adapter=' + name) });
}
const isBest = (adapter) => adapter.device === best.device && adapter.driver === best.driver;
adapters.sort((a, b) => isBest(b) - isBest(a));
console.log(JSON.stringify(adapters));
`;

/**
 * All adapters, the one that the system deems fastest first.
 *
 * @returns an empty list if there is none
 * @throws Error with one sentence if the npm package `webgpu` is not installed, the Vulkan loader is missing, or
 *   looking for them failed
 */
export async function listAdapters(): Promise<WebGpuAdapter[]> {
  const module = pathToFileURL(webGpuPackage()).href;
  requireVulkanLoader();
  const found = JSON.parse(await runNode(LISTING, [API, module])) as Omit<WebGpuAdapter, 'api'>[];
  return found.map(({ name, vendor, architecture, driver, software }) => ({
    name,
    vendor,
    architecture,
    driver,
    api: API,
    // Its type should tell. The names are for drivers that call themselves something else.
    software: software || /swiftshader|llvmpipe|lavapipe|basic render/i.test(name),
  }));
}

/** Entry file of the npm package `webgpu`; an error if it is not installed. */
export function webGpuPackage(): string {
  try {
    return require.resolve('webgpu');
  } catch {
    throw new Error('the npm package webgpu is not installed');
  }
}

/** Asks the dynamic linker: Dawn would write its error to the console. */
function requireVulkanLoader(): void {
  if (process.platform !== 'linux') return;
  try {
    process.dlopen({ exports: {} }, 'libvulkan.so.1');
  } catch (error) {
    // Otherwise it was found, and is no addon of Node.
    if (String(error).includes('cannot open shared object file')) {
      throw new Error('the Vulkan loader libvulkan.so.1 is missing (package libvulkan1 or vulkan-loader)');
    }
  }
}

function runNode(code: string, words: readonly string[]): Promise<string> {
  const options = { timeout: TIMEOUT_MS, windowsHide: true };
  return new Promise((resolve, reject) => {
    execFile(
      process.execPath,
      ['--input-type=module', '-e', code, ...words],
      options,
      (error, stdout, stderr) => {
        if (error === null) resolve(stdout);
        else if (error.killed) reject(new Error('the graphics drivers did not answer for 30 seconds'));
        else if (error.signal) reject(new Error(`the graphics drivers ended a process with ${error.signal}`));
        else reject(new Error(`graphics cards cannot be listed: ${reasonIn(stderr)}`));
      },
    );
  });
}

/** The line of an uncaught error among what Node prints. */
function reasonIn(stderr: string): string {
  return oneSentence(/^\w*Error.*$/m.exec(stderr)?.[0] ?? stderr);
}
