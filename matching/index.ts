/**
 * `genal/matching`: what images are compared by, indexes of nearest vectors, and the match of synthesised images with
 * those of a pool.
 */

export { assignColumns, type Edge } from './assignment.ts';
export {
  AutoencoderFeatureConfig,
  DiscriminatorFeatureConfig,
  FeatureConfig,
  PcaConfig,
  TaskModelFeatureConfig,
} from './features/config.ts';
export { createFeatureMap, type FeatureResources } from './features/create.ts';
export { type FeatureMap, featuresOfBytes } from './features/feature-map.ts';
export {
  autoencoderFeatures,
  type DiscriminatorFeatures,
  discriminatorFeatures,
  type HashedGenerator,
} from './features/generator-features.ts';
export { hashClassifier, hashGeneratorFolder } from './features/model-hash.ts';
export { fitPca, type PcaFeatures, type PcaFit, type PcaParameters } from './features/pca.ts';
export { loadPca, savePca } from './features/saved-pca.ts';
export { type HashedClassifier, taskModelFeatures } from './features/task-model.ts';
export { buildIndex, loadIndex } from './indexes/build.ts';
export { IndexConfig } from './indexes/config.ts';
export { type Recall, recallOnPool, recallOnQueries } from './indexes/recall.ts';
export type { Neighbours, VectorIndex, Vectors } from './indexes/vector-index.ts';
export { type Match, type MatchedBatch, type MatchOptions, matchedRows, matchQueries } from './match.ts';
export type { Choice } from './match-collisions.ts';
export { MatchConfig } from './match-config.ts';
export {
  type LabelAgreement,
  labelAgreement,
  labelCounts,
  type MatchDistances,
  matchDistances,
  poolDistances,
  type UncertaintyKept,
  type UncertaintySteps,
  uncertaintyKept,
} from './match-diagnostics.ts';
export { MatchIndex, type Neighbour } from './match-index.ts';
export type { ScoredNeighbour } from './match-rule.ts';
export { buildMatchIndex, type IndexedPool, openMatchIndex, type StoredIndex } from './stored-index.ts';
