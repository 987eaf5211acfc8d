/**
 * `genal/vaal`: strategies in which a variational autoencoder and a discriminator score the pool.
 */
export { discriminateCodes, discriminatorShapes } from './discriminator.ts';
export { createM2Vaal } from './m2-vaal.ts';
export { M2VaalConfig } from './m2-vaal-config.ts';
export { createTaVaal } from './ta-vaal.ts';
export { TaVaalConfig } from './ta-vaal-config.ts';
export { createVaal } from './vaal.ts';
export { VaalConfig, VaalFaithful } from './vaal-config.ts';
export { activeUnits, areaUnderCurve } from './vaal-evidence.ts';
export {
  createVaalTraining,
  discriminatorUpdate,
  disposeVaalTraining,
  type VaalBatch,
  type VaalTraining,
  type VaeUpdateLosses,
  vaeUpdate,
} from './vaal-step.ts';
