/**
 * What a round's strategies are handed as the task model.
 */
import type { M2 } from '../../../generators/m2.ts';
import type { M2Layers, M2Name } from '../../../generators/m2-networks.ts';
import type { Network } from '../../../generators/network.ts';
import type { TrainedClassifier, TrainedModel } from '../../classifiers/classifier.ts';
import type { PseudoLabels } from '../unlabelled/pseudo-labels.ts';
import type { M2TaskConfig } from './config.ts';

/** The networks of a trained M2 and what they compute. */
export type M2Parts = { readonly layers: M2Layers } & Readonly<Record<M2Name, Network>>;

/**
 * M2's classifier `q(y|x)` as a task model: scores are its logits, features the units of its last hidden layer. The rest of
 * M2 is there for strategies that search its latents.
 */
export interface M2TaskModel extends TrainedModel {
  readonly config: M2TaskConfig;
  /** The whole model in use; it stays the task model's. */
  readonly m2: M2;
  /** Its networks; they stay the task model's. */
  readonly parts: M2Parts;
}

export type TaskModel = (TrainedClassifier | M2TaskModel) & {
  /** Rows of the pool that it was trained on under labels of a model before it; absent if the experiment asks for none. */
  readonly pseudoLabels?: PseudoLabels;
};

/** The M2 that a task model is; undefined of any other. */
export function asM2(model: TaskModel): M2TaskModel | undefined {
  return 'm2' in model ? model : undefined;
}
