/**
 * Repairs second derivatives of TensorFlow.js 4.22, which a gradient penalty needs, and a few first ones.
 *
 * Two faults, the same on every backend:
 *
 * - Silent. A gradient that saves its op's *output* loses it: the copy enters the tape ahead of the op that made
 *   it, so the sweep from the inputs never reaches it and its share of the second derivative is dropped without
 *   an error (exp, sigmoid, tanh, softmax, pow in its exponent; logSoftmax and softmaxCrossEntropy, which save
 *   intermediate results in a custom gradient; and everything built on these). Repair: save the *input* and
 *   compute the output again. Known as tensorflow/tfjs#3252.
 * - Loud. Gradients made of comparisons or of kernels that have no gradient themselves stop with "gradient
 *   function not found". Repair: comparisons are flat, so theirs is zero; average pooling and resizing are
 *   linear, so the derivative of their gradient is the op itself. Where their first gradient was wrong, it is
 *   right now.
 *
 * Still without a second derivative, all with an error: maxPool, max and average pooling in 3-D, depthwise
 * convolution, convolution with dilation, localResponseNormalization, prod, cumprod. Custom gradients of other
 * code that save an output stay silently wrong. At a kink (relu and its kin at 0, ties of max) the derivative is
 * the one side's that TensorFlow.js has always chosen.
 */
import * as tf from '@tensorflow/tfjs';
import { leakyReluGradient } from './leaky-relu-gradient.ts';
import { isNative } from './native-op.ts';

type Gradients = Record<string, () => tf.Tensor>;
type Rule = (dy: tf.Tensor, saved: tf.Tensor[], attrs: Record<string, unknown>) => Gradients;

const SELU_ALPHA = 1.7580993408473768;
const SELU_SCALE = 1.0507009873554805;

// Scopes of the ops whose custom gradient keeps intermediate results, logSigmoid's even a disposed tensor.
// Without it they are compositions of repaired ops.
const COMPOSED_OPS: readonly string[] = ['logSigmoid__op', 'logSoftmax__op', 'softmaxCrossEntropy__op'];

let repaired = false;

/** Repairs them for all backends of this process. Calling it again changes nothing. */
export function repairSecondDerivatives(): void {
  if (repaired) return;
  repaired = true;
  repairSmoothOps();
  repairPiecewiseOps();
  repairComparisons();
  repairImageOps();
  dropCustomGradients();
}

function repairSmoothOps(): void {
  register('Exp', ['x'], (dy, [x]) => ({ x: () => tf.mul(dy, tf.exp(x as tf.Tensor)) }));
  register('Tanh', ['x'], (dy, [x]) => ({
    x: () => tf.mul(dy, tf.sub(1, tf.square(tf.tanh(x as tf.Tensor)))),
  }));
  register('Sigmoid', ['x'], (dy, [x]) => ({
    x: () => {
      const y = tf.sigmoid(x as tf.Tensor);
      return tf.mul(dy, tf.mul(y, tf.sub(1, y)));
    },
  }));
  register('Softmax', ['logits'], (dy, [logits]) => ({
    logits: () => {
      const y = tf.softmax(logits as tf.Tensor);
      const product = tf.mul(dy, y);
      return tf.sub(product, tf.mul(tf.sum(product, -1, true), y));
    },
  }));
  register('Pow', ['a', 'b'], (dy, saved) => {
    const [base, exponent] = saved as [tf.Tensor, tf.Tensor];
    return {
      a: () => reduceTo(base, tf.mul(dy, tf.mul(exponent, tf.pow(base, tf.sub(exponent, 1))))),
      b: () => {
        // As TensorFlow: the logarithm counts where it exists.
        const positive = tf.greater(base, 0);
        const logarithm = tf.where(
          positive,
          tf.log(tf.where(positive, base, tf.onesLike(base))),
          tf.zerosLike(base),
        );
        return reduceTo(exponent, tf.mul(dy, tf.mul(tf.pow(base, exponent), logarithm)));
      },
    };
  });
}

/** With `step(x, a)`, which is 1 above zero and `a` elsewhere, these need no comparison; and it is faster. */
function repairPiecewiseOps(): void {
  // exp(-relu(-x)) is 1 above zero and exp(x) below.
  const decay = (x: tf.Tensor) => tf.exp(tf.neg(tf.relu(tf.neg(x))));
  register('Elu', ['x'], (dy, [x]) => ({ x: () => tf.mul(dy, decay(x as tf.Tensor)) }));
  register('Selu', ['x'], (dy, [x]) => ({
    x: () =>
      tf.mul(
        dy,
        tf.mul(SELU_SCALE, tf.mul(tf.step(x as tf.Tensor, SELU_ALPHA / SELU_SCALE), decay(x as tf.Tensor))),
      ),
  }));
  register('Relu', ['x'], (dy, [x]) => ({ x: () => slopeTimes(dy, x as tf.Tensor, 0) }));
  register('LeakyRelu', ['x'], (dy, [x], { alpha }) => ({
    x: () => slopeTimes(dy, x as tf.Tensor, alpha as number),
  }));
  register('Prelu', ['x', 'alpha'], (dy, saved) => {
    const [x, alpha] = saved as [tf.Tensor, tf.Tensor];
    return {
      x: () => {
        const above = tf.step(x);
        return tf.mul(dy, tf.add(above, tf.mul(alpha, tf.sub(1, above))));
      },
      alpha: () => reduceTo(alpha, tf.mul(dy, tf.neg(tf.relu(tf.neg(x))))),
    };
  });
}

/** `dy` where `x` is positive, else `slope dy`. */
function slopeTimes(dy: tf.Tensor, x: tf.Tensor, slope: number): tf.Tensor {
  return isNative() ? leakyReluGradient(dy, x, slope) : tf.mul(dy, tf.step(x, slope));
}

/** Comparisons are flat wherever they have a derivative. */
function repairComparisons(): void {
  const flat: Rule = (_, saved) => ({
    a: () => tf.zeros((saved[0] as tf.Tensor).shape),
    b: () => tf.zeros((saved[1] as tf.Tensor).shape),
  });
  const names = [
    'Greater',
    'GreaterEqual',
    'Less',
    'LessEqual',
    'Equal',
    'NotEqual',
    'LogicalAnd',
    'LogicalOr',
  ];
  for (const name of names) register(name, ['a', 'b'], flat);
  register('LogicalNot', ['x'], (_, saved) => ({ x: () => tf.zeros((saved[0] as tf.Tensor).shape) }));
}

/**
 * Pooling and resizing are linear, so the derivative of their gradient is the op itself, once that gradient is the
 * adjoint. Some built-in ones (4.22) are not: avgPool's on cpu divides by the whole window where the op divides by
 * the part inside the image; both resizings' are wrong on cpu, and everywhere ignore `halfPixelCenters`.
 */
function repairImageOps(): void {
  register('AvgPool', ['x'], (dy, [x], attrs) => {
    const { filterSize, strides, pad } = attrs as unknown as PoolAttrs;
    const input = x as tf.Tensor4D;
    return {
      x: () => {
        const scaled = tf.div(dy, builtInShare(input, attrs as unknown as PoolAttrs));
        return tf
          .engine()
          .runKernel('AvgPoolGrad', { dy: scaled, input }, { filterSize, strides, pad } as never);
      },
    };
  });
  register('AvgPoolGrad', ['input'], (ddx, [input], attrs) => {
    const { filterSize, strides, pad } = attrs as unknown as PoolAttrs;
    const share = () => builtInShare(input as tf.Tensor4D, attrs as unknown as PoolAttrs);
    return {
      dy: () => tf.mul(tf.avgPool(ddx as tf.Tensor4D, filterSize, strides, pad), share()),
      input: () => tf.zeros((input as tf.Tensor).shape),
    };
  });
  for (const kernelName of ['ResizeNearestNeighbor', 'ResizeBilinear'] as const) {
    const resize = tf.image[kernelName === 'ResizeBilinear' ? 'resizeBilinear' : 'resizeNearestNeighbor'];
    register(kernelName, ['images'], (dy, [images], attrs) => ({
      images: () =>
        attrs.halfPixelCenters || tf.getBackend() === 'cpu'
          ? resizeGradient(kernelName, dy as tf.Tensor4D, (images as tf.Tensor4D).shape, attrs)
          : tf.engine().runKernel(`${kernelName}Grad`, { dy, images: images as tf.Tensor }, attrs as never),
    }));
    register(`${kernelName}Grad`, ['dy', 'images'], (ddx, saved, attrs) => {
      const [dy, images] = saved as [tf.Tensor4D, tf.Tensor4D];
      return {
        dy: () => resize(ddx as tf.Tensor4D, [dy.shape[1], dy.shape[2]], attrs.alignCorners as boolean),
        images: () => tf.zeros(images.shape),
      };
    });
  }
}

interface PoolAttrs {
  readonly filterSize: [number, number] | number;
  readonly strides: [number, number] | number;
  readonly pad: 'same' | 'valid' | number;
}

/**
 * By what the `AvgPoolGrad` of cpu and webgpu multiplies too little: the share of each window inside the image,
 * `[1, outHeight, outWidth, 1]`. One on the other backends.
 */
function builtInShare(input: tf.Tensor4D, { filterSize, strides, pad }: PoolAttrs): tf.Tensor {
  if (!['cpu', 'webgpu'].includes(tf.getBackend())) return tf.scalar(1);
  const info = tf.backend_util.computePool2DInfo(input.shape, filterSize, strides, 1, pad);
  const inside = (outputs: number, stride: number, before: number, filter: number, size: number) =>
    Array.from({ length: outputs }, (_, i) => {
      const start = i * stride - before;
      return (Math.min(size, start + filter) - Math.max(0, start)) / filter;
    });
  const { padInfo } = info;
  const rows = inside(info.outHeight, info.strideHeight, padInfo.top, info.filterHeight, info.inHeight);
  const columns = inside(info.outWidth, info.strideWidth, padInfo.left, info.filterWidth, info.inWidth);
  return tf.mul(tf.tensor(rows, [1, rows.length, 1, 1]), tf.tensor(columns, [1, 1, columns.length, 1]));
}

/** `R_h^T dy R_w` per image and channel: `[n, height, width, channels]` of the image before resizing. */
function resizeGradient(
  kernelName: string,
  dy: tf.Tensor4D,
  [n, height, width, channels]: [number, number, number, number],
  attrs: Record<string, unknown>,
): tf.Tensor4D {
  const [, outHeight, outWidth] = dy.shape;
  const rows = resizeMatrix(kernelName, height, outHeight, attrs);
  const columns = resizeMatrix(kernelName, width, outWidth, attrs);
  const shrunk = tf.matMul(rows, tf.reshape(dy, [n, outHeight, outWidth * channels]), true);
  const image = tf.matMul(columns, tf.reshape(shrunk, [n * height, outWidth, channels]), true);
  return tf.reshape(image, [n, height, width, channels]);
}

/** What resizing does to one axis, `[1, to, from]`: the op applied to a column of one-hot pixels. */
function resizeMatrix(
  kernelName: string,
  from: number,
  to: number,
  attrs: Record<string, unknown>,
): tf.Tensor3D {
  const pixels = tf.reshape(tf.eye(from), [1, from, 1, from]);
  const size = { ...attrs, size: [to, 1] } as tf.NamedAttrMap;
  const resized = tf.engine().runKernel(kernelName, { images: pixels }, size) as tf.Tensor4D;
  return tf.reshape(resized, [1, to, from]);
}

/**
 * Lets {@link COMPOSED_OPS} be differentiated through the ops they are made of. Their own gradient holds
 * results that were computed with the tape off, so no registration could reach it.
 */
function dropCustomGradients(): void {
  const engine = tf.engine() as unknown as {
    state: { activeScope: { name: string } | null };
    customGrad(f: CustomGradient): (...inputs: tf.Tensor[]) => tf.Tensor;
  };
  const original = engine.customGrad.bind(engine);
  engine.customGrad = (f) =>
    COMPOSED_OPS.includes(engine.state.activeScope?.name ?? '')
      ? (...inputs) => f(...inputs, () => {}).value
      : original(f);
}

type CustomGradient = (...inputs: (tf.Tensor | ((saved: tf.Tensor[]) => void))[]) => {
  value: tf.Tensor;
  gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => tf.Tensor | tf.Tensor[];
};

function register(kernelName: string, inputsToSave: string[], rule: Rule): void {
  tf.registerGradient({
    kernelName,
    inputsToSave,
    gradFunc: (dy, saved, attrs) => rule(dy as tf.Tensor, saved, attrs as Record<string, unknown>),
  });
}

/** Sums a gradient over the axes along which `input` was broadcast. */
function reduceTo(input: tf.Tensor, gradient: tf.Tensor): tf.Tensor {
  const { shape } = input;
  const offset = gradient.rank - shape.length;
  const axes = gradient.shape
    .map((_, axis) => axis)
    .filter((axis) => axis < offset || (shape[axis - offset] === 1 && gradient.shape[axis] !== 1));
  return tf.reshape(axes.length > 0 ? tf.sum(gradient, axes) : gradient, shape);
}
