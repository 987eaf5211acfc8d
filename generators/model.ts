/**
 * What a model of the zoo consists of, and what all models do alike: opening saved weights, and being trained.
 */
import type { Adam } from '../src/backend/adam.ts';
import { graphStep } from '../src/backend/graph-step.ts';
import type { ImageShape } from '../src/datasets/dataset.ts';
import type { Stream } from '../src/random.ts';
import type { FloatTensor } from '../src/safetensors.ts';
import { copyNetwork, moveAverage } from './average.ts';
import type { Generator } from './generator.ts';
import { disposeNetwork, emptyNetwork, type Network, type NetworkShapes, variablesOf } from './network.ts';
import type { ImageCounts, Losses, StepBatch, TrainableGenerator } from './trainable.ts';
import { restoreState, stateOf } from './training-state.ts';
import { assignVariables, readVariables, type Variables } from './variables.ts';

/** Networks by name, such as `generator` and `discriminator`. */
export type Networks<Name extends string = string> = Readonly<Record<Name, Network>>;

/** A model of the zoo. `Config` is its options, `Name` the names of its networks. */
export interface Model<Config, Name extends string, Opened extends Generator = Generator> {
  /** Whether a training needs labelled images beside the others. */
  readonly takesLabels: boolean;
  /**
   * Shapes of all variables of all networks.
   *
   * @throws RangeError if the model cannot make images of this shape
   */
  shapes(config: Config, shape: ImageShape): Readonly<Record<Name, NetworkShapes>>;
  /** The model in inference mode, around networks of these shapes. Disposing it frees them. */
  open(config: Config, shape: ImageShape, networks: Networks<Name>): Opened;
  /**
   * A fresh model to train; its weights come from streams below `stream`. The caller disposes it.
   *
   * @throws RangeError if the model cannot make images of this shape
   */
  train(config: Config, shape: ImageShape, counts: ImageCounts, stream: Stream): TrainableGenerator<Opened>;
}

/**
 * A trained model from its saved variables, `<network>/<name>` each. The caller disposes it.
 *
 * @throws RangeError if a tensor is missing, has another shape, or is not the model's
 */
export function openSaved<Config, Name extends string, Opened extends Generator>(
  model: Model<Config, Name, Opened>,
  config: Config,
  shape: ImageShape,
  tensors: ReadonlyMap<string, FloatTensor>,
): Opened {
  const shapes = Object.entries<NetworkShapes>(model.shapes(config, shape));
  const networks = Object.fromEntries(
    shapes.map(([name, ofNetwork]) => [name, emptyNetwork(ofNetwork)]),
  ) as Networks<Name>;
  try {
    assignVariables(namedVariables(networks), tensors);
  } catch (error) {
    for (const network of Object.values<Network>(networks)) disposeNetwork(network);
    throw error;
  }
  return model.open(config, shape, networks);
}

/** What {@link trainable} makes a training of. */
export interface TrainingParts<Name extends string, Opened extends Generator> {
  /** All networks that a step changes; they are freed with the training. */
  readonly networks: Networks<Name>;
  readonly optimisers: Readonly<Record<string, Adam>>;
  /** Decay, in [0, 1), of the averages of the networks that images are drawn with; 0 is no average. */
  readonly ema: number;
  /** The networks that have an average. */
  readonly averaged: readonly NoInfer<Name>[];
  readonly batchesPerStep?: number;
  /** Builds the sampler around networks that stay the training's. */
  readonly open: (networks: Networks<Name>) => Opened;
  readonly step: (batch: StepBatch, stream: Stream) => Losses;
  /** What `step` takes its updates with; freed with the training. */
  readonly updates: readonly { dispose(): void }[];
}

/**
 * A model in training. Where there is an average, `average <- ema average + (1 - ema) network` after each step, and the
 * sampler and the saved weights are the average's (Polyak and Juditsky 1992, with geometric weights).
 */
export function trainable<Name extends string, Opened extends Generator>({
  networks,
  optimisers,
  ema,
  averaged,
  batchesPerStep = 1,
  open,
  step,
  updates,
}: TrainingParts<Name, Opened>): TrainableGenerator<Opened> {
  const averages = Object.fromEntries(
    (ema > 0 ? averaged : []).map((name) => [name, copyNetwork(networks[name])]),
  ) as Partial<Record<Name, Network>>;
  const used = { ...networks, ...averages };
  const averaging = graphStep(() => {
    for (const [name, average] of Object.entries<Network>(averages as Networks)) {
      moveAverage(average, networks[name as Name], ema);
    }
    return {};
  });
  const all: Variables = { ...namedVariables(networks), ...namedVariables(averages, 'average/') };
  return {
    sampler: open(used),
    batchesPerStep,
    step: (batch, stream) => {
      const losses = step(batch, stream);
      if (ema > 0) averaging({});
      return losses;
    },
    state: () => stateOf(all, optimisers),
    restore: (state) => restoreState(state, all, optimisers),
    weights: () => readVariables(namedVariables(used)),
    dispose: () => {
      for (const network of Object.values<Network>({ ...networks })) disposeNetwork(network);
      for (const network of Object.values<Network>({ ...averages } as Networks)) disposeNetwork(network);
      for (const adam of Object.values(optimisers)) adam.dispose();
      for (const update of [...updates, averaging]) update.dispose();
    },
  };
}

function namedVariables(networks: Partial<Networks>, prefix = ''): Variables {
  const all = Object.entries(networks).map(([name, network]) =>
    variablesOf(`${prefix}${name}`, network as Network),
  );
  return Object.assign({}, ...all);
}
