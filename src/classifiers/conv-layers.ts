/**
 * Convolutions, each followed by a batch norm, as the deeper networks consist of.
 *
 * Initial weights: kernels from N(0, 2 / inputs) (He et al. 2015), gamma 1, beta 0; running means 0 and variances 1. There
 * are no biases, which a batch norm would take out again.
 */
import * as tf from '@tensorflow/tfjs';
import { batchNormInference, batchNormTraining } from '../backend/batch-norm.ts';
import type { Stream } from '../random.ts';
import type { StageLayers } from './stage.ts';

/** One convolution and its batch norm. */
export interface Convolution {
  /** Names its variables: `<name>/kernel`, `gamma`, `beta`, `mean`, `variance`. */
  readonly name: string;
  /** `[size, size, inputs, filters]` */
  readonly kernel: readonly [number, number, number, number];
  readonly stride?: 1 | 2;
  /** `same`: zeros around, `(size - 1) / 2` on each side, as PyTorch pads; `valid`: none. Default: `same`. */
  readonly padding?: 'same' | 'valid';
}

/** What the convolution of a name, with its batch norm, makes of maps. */
export type Convolve = (maps: tf.Tensor4D, name: string) => tf.Tensor4D;

export interface ConvLayersOptions {
  readonly convolutions: readonly Convolution[];
  /** From the stage's inputs to its outputs; each convolution is applied once. */
  readonly forward: (maps: tf.Tensor4D, convolve: Convolve) => tf.Tensor;
  /** Of one row of what `forward` gives. */
  readonly outputShape: readonly number[];
}

/** A stage of convolutions; convolution `c` draws its first kernel from `weights.of(c's name)`. */
export function convLayers(
  { convolutions, forward, outputShape }: ConvLayersOptions,
  weights: Stream,
): StageLayers {
  const layers = new Map(
    convolutions.map((convolution) => [convolution.name, layerOf(convolution, weights)]),
  );
  const named = (kinds: readonly VariableKind[]): Record<string, tf.Variable> =>
    Object.fromEntries(
      [...layers].flatMap(([name, layer]) => kinds.map((kind) => [`${name}/${kind}`, layer[kind]])),
    );
  const trained = named(['kernel', 'gamma', 'beta']);
  const statistics = named(['mean', 'variance']);
  return {
    outputShape,
    weights: trained,
    statistics,
    apply: (rows, record) =>
      tf.tidy(() =>
        forward(rows as tf.Tensor4D, (maps, name) => {
          const layer = layers.get(name) as Layer;
          const convolved = convolve(layer, maps);
          const [gamma, beta, mean, variance] = [layer.gamma, layer.beta, layer.mean, layer.variance];
          if (record === undefined) return batchNormInference(convolved, gamma, beta, { mean, variance });
          return batchNormTraining(convolved, gamma, beta, (moments) => record.set(name, moments));
        }),
      ),
    dispose: () => tf.dispose([...Object.values(trained), ...Object.values(statistics)]),
  };
}

type VariableKind = 'kernel' | 'gamma' | 'beta' | 'mean' | 'variance';

/** A convolution and its variables, which are read as tensors. */
interface Layer extends Pick<Convolution, 'stride' | 'padding'> {
  readonly kernel: tf.Variable & tf.Tensor4D;
  readonly gamma: tf.Variable & tf.Tensor1D;
  readonly beta: tf.Variable & tf.Tensor1D;
  readonly mean: tf.Variable & tf.Tensor1D;
  readonly variance: tf.Variable & tf.Tensor1D;
}

function layerOf({ name, kernel, stride, padding }: Convolution, weights: Stream): Layer {
  const [height, width, inputs, filters] = kernel;
  const deviation = Math.sqrt(2 / (height * width * inputs));
  const values = weights
    .of(name)
    .normals(height * width * inputs * filters)
    .map((value) => deviation * value);
  const channels = (value: number, trainable: boolean) =>
    tf.tidy(() => tf.variable(tf.fill([filters], value), trainable)) as tf.Variable & tf.Tensor1D;
  return {
    ...(stride && { stride }),
    ...(padding && { padding }),
    kernel: tf.tidy(() => tf.variable(tf.tensor(values, [...kernel]))) as tf.Variable & tf.Tensor4D,
    gamma: channels(1, true),
    beta: channels(0, true),
    mean: channels(0, false),
    variance: channels(1, false),
  };
}

function convolve({ kernel, stride = 1, padding = 'same' }: Layer, maps: tf.Tensor4D): tf.Tensor4D {
  const around = (kernel.shape[0] - 1) / 2;
  if (padding === 'valid' || around === 0) return tf.conv2d(maps, kernel, stride, 'valid');
  if (stride === 1) return tf.conv2d(maps, kernel, 1, 'same');
  // TensorFlow would put all zeros behind maps of even size.
  const [none, both]: [[number, number], [number, number]] = [
    [0, 0],
    [around, around],
  ];
  return tf.conv2d(tf.pad4d(maps, [none, both, both, none]), kernel, stride, 'valid');
}

/** Maximum of each 2 x 2, `[n, height / 2, width / 2, channels]`; of odd sides rounded up. */
export function halved(maps: tf.Tensor4D): tf.Tensor4D {
  return tf.maxPool(maps, 2, 2, 'same');
}

/** Mean over all places, `[n, channels]`. */
export function meanOfPlaces(maps: tf.Tensor4D): tf.Tensor2D {
  return tf.mean(maps, [1, 2]) as tf.Tensor2D;
}
