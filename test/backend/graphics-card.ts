/**
 * Something for WebGPU to compute on: the machine's card, else the software that Debian's Chromium brings.
 * `VK_DRIVER_FILES`, as ever with Vulkan, names another driver.
 */
import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import { listAdapters, type WebGpuAdapter } from '../../src/backend/webgpu-adapters.ts';

const CHROMIUM = '/usr/lib/chromium';
const DRIVER = `${CHROMIUM}/vk_swiftshader_icd.json`;
const LOADER = `${CHROMIUM}/libvulkan.so.1`;

/** glibc's RTLD_NODELETE: what was loaded stays, though Node finds no addon in it. */
const STAY = 0x1000;

export const adapters: readonly WebGpuAdapter[] = await find();

/** `['webgpu']` if there is an adapter, for lists of backends. */
export const webGpu: readonly 'webgpu'[] = adapters.length > 0 ? ['webgpu'] : [];

async function find(): Promise<WebGpuAdapter[]> {
  const own = await listAdapters().catch(() => []);
  if (own.length > 0 || !existsSync(DRIVER) || !existsSync(LOADER)) return own;
  process.env.VK_DRIVER_FILES = process.env.VK_ICD_FILENAMES = DRIVER;
  process.env.LD_LIBRARY_PATH = CHROMIUM;
  // Other processes find the loader by that path; this one reads it only when it starts.
  try {
    process.dlopen({ exports: {} }, LOADER, constants.dlopen.RTLD_LAZY | STAY);
  } catch {}
  return listAdapters();
}
