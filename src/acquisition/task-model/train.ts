/**
 * The training of the task model, the same for every strategy, whichever kind it is of and whatever it may learn from
 * unlabelled images.
 */
import { type TrainOptions, trainClassifier } from '../../classifiers/train.ts';
import type { Split } from '../../datasets/dataset.ts';
import type { FloatTensor } from '../../safetensors.ts';
import type { PoolIndex } from '../../shapes.ts';
import type { PseudoLabelConfig } from '../unlabelled/config.ts';
import { mixedBatches } from '../unlabelled/mixed-batches.ts';
import { pseudoLabelsOf } from '../unlabelled/pseudo-labels.ts';
import type { TaskModelConfig } from './config.ts';
import type { TaskModel } from './task-model.ts';
import { trainM2, type UnlabelledImages } from './train-m2.ts';

/** What a network learns from unlabelled images. */
export interface UnlabelledUse {
  /** Values of the pre-trained body, by name, from which every training starts. */
  readonly body?: ReadonlyMap<string, FloatTensor> | undefined;
  readonly pseudoLabels?: PseudoLabelConfig | undefined;
  /** Rows of the pool that get no pseudo-label, since they are trained on already. */
  readonly taken?: readonly PoolIndex[];
}

export interface TaskTrainOptions extends Omit<TrainOptions, 'start' | 'batches'> {
  /** No use of a network's if left out. M2 learns from unlabelled images in its own way, and from no other. */
  readonly unlabelled?: UnlabelledUse | undefined;
}

/**
 * Trains a task model from scratch; a pure function of its arguments. A network with pseudo-labels is trained twice, each time
 * from the same first weights and for as many steps: on the labelled images, and anew on them and on those that the first
 * training's model gives a label.
 *
 * Streams: the first training's are those of a training without pseudo-labels. What the second adds lies below
 * `order.of('pseudo-labels')` and `order.of('anew')`.
 *
 * @param labelled with what a strategy adds
 * @returns a model the caller disposes
 * @throws what {@link trainClassifier} or {@link trainM2} throws
 */
export async function trainTaskModel(
  config: TaskModelConfig,
  labelled: Split,
  unlabelled: UnlabelledImages,
  { unlabelled: use = {}, ...options }: TaskTrainOptions,
): Promise<TaskModel> {
  if (config.kind === 'm2') return trainM2(config, labelled, unlabelled, options);
  const { body, pseudoLabels, taken = [] } = use;
  const from = { ...options, ...(body && { start: body }) };
  const first = await trainClassifier(config, labelled, from);
  if (pseudoLabels === undefined) return first;
  const isTaken = new Set<number>(taken);
  const free = { ...unlabelled, candidates: unlabelled.candidates.filter((row) => !isTaken.has(row)) };
  let given: Awaited<ReturnType<typeof pseudoLabelsOf>>;
  try {
    given = await pseudoLabelsOf(pseudoLabels, first, labelled, free, options.order.of('pseudo-labels'));
  } catch (error) {
    first.dispose();
    throw error;
  }
  if (given.rows.length === 0 || config.kind === 'linear-svm') return { ...first, pseudoLabels: given };
  first.dispose();
  const order = options.order.of('anew');
  const second = await trainClassifier(config, joined(labelled, free.bytes(given.rows), given.labels), {
    ...from,
    order,
    batches: mixedBatches(
      { labelled: labelled.n, others: given.rows.length },
      config.batch,
      pseudoLabels.labelledShare,
      order,
    ),
  });
  return { ...second, pseudoLabels: given };
}

/** The labelled images, and behind them others. */
function joined(labelled: Split, images: Uint8Array, labels: readonly number[]): Split {
  const all = new Uint8Array(labelled.images.length + images.length);
  all.set(labelled.images);
  all.set(images, labelled.images.length);
  return {
    images: all,
    labels: Uint8Array.from([...labelled.labels, ...labels]),
    n: labelled.n + labels.length,
  };
}
