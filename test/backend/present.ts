/**
 * The backends that can be had where the tests run. `cpu` and `wasm` always can; native TensorFlow where
 * `genal backend install` was run; WebGPU on a graphics card, or on the software adapter that Debian's chromium
 * brings along.
 */
import { existsSync } from 'node:fs';
import { type BackendName, selectBackend } from '../../src/backend/backend.ts';

const SWIFTSHADER = '/usr/lib/chromium/vk_swiftshader_icd.json';

// Read when the driver loads, hence before any backend is asked for.
if (existsSync(SWIFTSHADER)) process.env.VK_ICD_FILENAMES ??= SWIFTSHADER;

async function canBeHad(backend: BackendName): Promise<boolean> {
  try {
    await selectBackend(backend);
    return true;
  } catch {
    return false;
  }
}

/** All but `cpu`, in the order of the ladder; what is missing is told once, so that a skip is seen. */
export const presentBackends: readonly BackendName[] = await (async () => {
  const present: BackendName[] = [];
  for (const backend of ['tensorflow', 'webgpu', 'wasm'] as const) {
    if (await canBeHad(backend)) present.push(backend);
  }
  return present;
})();
