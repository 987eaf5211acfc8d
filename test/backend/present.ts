/**
 * The backends that can be had where the tests run. `cpu` and `wasm` always can; native TensorFlow where
 * `genal backend install` was run; WebGPU on a graphics card, or on the software adapter that Debian's chromium
 * brings along.
 */
import { selectBackend } from '../../src/backend/backend.ts';
import type { BackendName } from '../../src/backend/backend-names.ts';
import { webGpu } from './graphics-card.ts';

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
  for (const backend of ['tensorflow', ...webGpu, 'wasm'] as const) {
    if (await canBeHad(backend)) present.push(backend);
  }
  return present;
})();
