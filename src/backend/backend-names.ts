/** The backends there are, in the order of the ladder. A file of its own, because the others load TensorFlow.js. */
export const BACKEND_NAMES = ['tensorflow', 'webgpu', 'wasm', 'cpu'] as const;

export type BackendName = (typeof BACKEND_NAMES)[number];
