/**
 * The public API of `genal`; the models have an entry of their own, `genal/generators`.
 */

export { cohenKappa } from './acquisition/cohen-kappa.ts';
export {
  neighbourGraph,
  type Propagated,
  type PropagationOptions,
  propagateLabels,
  type SparseMatrix,
} from './acquisition/label-propagation.ts';
export { type LoopOptions, type RoundQueries, runLoop } from './acquisition/loop.ts';
export {
  Oracle,
  type OracleOptions,
  type Prices,
  type ReferenceClassifier,
  readImages,
} from './acquisition/oracle.ts';
export { Pool } from './acquisition/pool.ts';
export type { Answer, RoundRecord, TimingRecord } from './acquisition/round-record.ts';
export {
  ARRAY_STRATEGIES,
  type ArraySelection,
  ArrayStrategyConfig,
  type PoolArrays,
  selectFromArrays,
} from './acquisition/select-from-arrays.ts';
export { StoppingRule } from './acquisition/stopping-config.ts';
export { createAsal } from './acquisition/strategies/asal.ts';
export { AsalConfig } from './acquisition/strategies/asal-config.ts';
export { createGaal } from './acquisition/strategies/gaal.ts';
export { createRandom } from './acquisition/strategies/random.ts';
export { createStream } from './acquisition/strategies/stream.ts';
export { StreamConfig } from './acquisition/strategies/stream-config.ts';
export { createUncertainty } from './acquisition/strategies/uncertainty.ts';
export type {
  Diagnostic,
  Diagnostics,
  PoolView,
  Round,
  Selection,
  Strategy,
} from './acquisition/strategy.ts';
export { M2TaskConfig, TaskModelConfig } from './acquisition/task-model/config.ts';
export { loadTaskModel, saveTaskModel } from './acquisition/task-model/saved.ts';
export { asM2, type M2TaskModel, type TaskModel } from './acquisition/task-model/task-model.ts';
export { type TaskTrainOptions, trainTaskModel, type UnlabelledUse } from './acquisition/task-model/train.ts';
export type { UnlabelledImages } from './acquisition/task-model/train-m2.ts';
export { DeepClusterConfig, PseudoLabelConfig } from './acquisition/unlabelled/config.ts';
export {
  type DeepClusterOptions,
  deepCluster,
  type PretrainedBody,
} from './acquisition/unlabelled/deep-cluster.ts';
export { type PseudoLabels, pseudoLabelsOf } from './acquisition/unlabelled/pseudo-labels.ts';
export { type BackendChoice, selectBackend } from './backend/backend.ts';
export { BACKEND_NAMES, type BackendName } from './backend/backend-names.ts';
export type { Classifier } from './classifiers/classifier.ts';
export { ClassifierConfig } from './classifiers/config.ts';
export { accuracy, margins, predictedClasses, probabilities, scoreImages } from './classifiers/predict.ts';
export { loadClassifier, saveClassifier } from './classifiers/saved.ts';
export { type TrainOptions, trainClassifier } from './classifiers/train.ts';
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
export { ExperimentConfig, parseConfig } from './experiments/config.ts';
export { ConfigError } from './experiments/config-error.ts';
export type { Manifest, ReferenceQuality } from './experiments/run-folder.ts';
export { StrategyConfig } from './experiments/strategies/config.ts';
export { createStrategy } from './experiments/strategies/registry.ts';
export { GaalConfig } from './queries/config.ts';
export { type LatentSearch, type SearchOptions, searchLatents } from './queries/latent-search.ts';
export { rootStream, Stream, type StreamName, type StreamState } from './random.ts';
export { writeReport } from './reports/report.ts';
export type { Results } from './reports/results.ts';
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
