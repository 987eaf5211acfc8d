/**
 * The public API of `genal`; the models have an entry of their own, `genal/generators`.
 */
export type { Answer, RoundRecord, TimingRecord } from './acquisition/round-record.ts';
export type {
  Diagnostic,
  Diagnostics,
  PoolView,
  Round,
  Selection,
  Strategy,
} from './acquisition/strategy.ts';
export { BACKEND_NAMES, type BackendChoice, type BackendName, selectBackend } from './backend/backend.ts';
export type { Classifier } from './classifiers/classifier.ts';
export { DatasetConfig, type DatasetConfigInput } from './datasets/config.ts';
export {
  batchOf,
  type Dataset,
  fromModelRange,
  type ImageShape,
  imageTensor,
  type Split,
  selectClasses,
  toModelRange,
} from './datasets/dataset.ts';
export { DatasetError } from './datasets/dataset-error.ts';
export { type DigitsOptions, digitsDataset } from './datasets/digits.ts';
export { type DatasetListing, dataDirectories, listDatasets, loadDataset } from './datasets/registry.ts';
export { rootStream, Stream, type StreamName, type StreamState } from './random.ts';
export {
  type CandidateRow,
  candidateRow,
  checkShape,
  type PoolIndex,
  poolIndex,
  type QueryRow,
  queryRow,
  toPoolIndex,
} from './shapes.ts';
