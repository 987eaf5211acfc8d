/**
 * First weights of VAAL's autoencoder: those of our convolutions, or those that the authors' code ends up with.
 *
 * Reference code: sinhasam/vaal@67263f3 model.py. Its `weight_init` walks the layers of every block and calls `kaiming_init`,
 * which knows dense layers, plain convolutions and batch norms. Blocks that are a layer themselves are passed by name and
 * not found; doubling convolutions are of no kind that it knows. Both keep PyTorch's defaults.
 */
import { normalValues } from '../generators/layers.ts';
import type { InitialValues } from '../generators/network.ts';
import type { VaeNetworks } from '../generators/vae-networks.ts';
import type { Stream } from '../src/random.ts';
import type { VaalConfig } from './vaal-config.ts';

/** First values of encoder and decoder. */
export function firstValues(
  { initialValues, shapes }: VaeNetworks,
  { network, faithful }: Pick<VaalConfig, 'network' | 'faithful'>,
): InitialValues {
  if (!faithful.torchWeights || network.kind !== 'conv') return initialValues;
  const [encoded = 1] = shapes.encoder.weights['moments/weights'] ?? [];
  return (name, size, stream, shape) => {
    if (name.startsWith('moments/')) return within(stream, size, encoded);
    // A transposed convolution counts what it makes for what it takes: its fan in is outputs times taps.
    if (name.startsWith('image/')) return within(stream, size, shape.at(-1) ?? 1);
    if (name.startsWith('up'))
      return within(stream, size, (shape[0] ?? 1) * (shape[1] ?? 1) * (shape[2] ?? 1));
    if (name === 'dense/weights') {
      return normalValues(stream, size, { deviation: Math.sqrt(2 / (shape[0] ?? 1)) });
    }
    return initialValues(name, size, stream, shape);
  };
}

/** Uniform in [-1/sqrt(fan in), 1/sqrt(fan in)]: PyTorch's default of weights and biases. */
function within(stream: Stream, size: number, fanIn: number): Float32Array {
  return stream.uniforms(size).map((draw) => (2 * draw - 1) / Math.sqrt(fanIn));
}
