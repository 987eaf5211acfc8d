/** Registers the kernels that WebAssembly lacks for training; filled in next. */
export function registerWasmTrainingKernels(): void {}
