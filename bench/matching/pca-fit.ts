/** How long fitting principal components to the real images takes, beside scikit-learn's. */
import { PcaConfig } from '../../matching/features/config.ts';
import { fitPca } from '../../matching/features/pca.ts';
import { imageSize } from '../../src/datasets/dataset.ts';
import type { Stream } from '../../src/random.ts';
import { type Quartiles, quartiles } from '../timing.ts';
import type { PeerPca, PythonPeer } from './python-peer.ts';
import type { Setup } from './setup.ts';

const ROUNDS = 5;

export interface PcaReport {
  readonly images: number;
  readonly components: number;
  readonly ms: Quartiles;
  /** Sum of the variances along the components, pixels in [-1, 1]. */
  readonly variance: number;
  readonly peer: {
    /** `randomized_svd` of the centred pixels with as many passes and spare directions. */
    readonly svdMs: Quartiles;
    readonly svdVariance: number;
    readonly svdRatio: Quartiles;
    /** `PCA(svd_solver='randomized')` as it comes. */
    readonly fitMs: Quartiles;
    readonly fitVariance: number;
    readonly fitRatio: Quartiles;
  } | null;
}

/** Fits in turns, ours and the peer's. Ours starts from bytes, the peer from float32 pixels. */
export async function timePca({ dataset, map }: Setup, peer: PythonPeer | undefined, stream: Stream) {
  const { train, shape } = dataset;
  const rows = Array.from({ length: train.n }, (_, row) => row);
  const config = PcaConfig.parse({ kind: 'pca', keep: { components: map.size } });
  const ours: number[] = [];
  const theirs: PeerPca[] = [];
  // Round -1 warms up and is not counted.
  for (let round = -1; round < ROUNDS; round++) {
    const start = performance.now();
    const fitted = await fitPca(train.images, shape, rows, { config, stream });
    const ms = performance.now() - start;
    fitted.dispose();
    const { passes, spare } = config;
    const answer = peer?.hasPca
      ? await peer.pca(train.images, imageSize(shape), { components: map.size, passes, spare })
      : undefined;
    if (round < 0) continue;
    ours.push(ms);
    if (answer) theirs.push(answer);
  }
  return report(ours, theirs, train.n, map.fit.eigenvalues);
}

function report(
  ours: readonly number[],
  theirs: readonly PeerPca[],
  images: number,
  eigenvalues: readonly number[],
): PcaReport {
  const [last] = theirs;
  const of = (part: keyof PeerPca) => quartiles(theirs.map((fit) => fit[part]));
  const ratio = (part: keyof PeerPca) =>
    quartiles(ours.map((ms, round) => ms / (theirs[round] as PeerPca)[part]));
  return {
    images,
    components: eigenvalues.length,
    ms: quartiles(ours),
    variance: eigenvalues.reduce((sum, value) => sum + value, 0),
    peer:
      last === undefined
        ? null
        : {
            svdMs: of('svdMs'),
            svdVariance: last.svdVariance,
            svdRatio: ratio('svdMs'),
            fitMs: of('fitMs'),
            fitVariance: last.fitVariance,
            fitRatio: ratio('fitMs'),
          },
  };
}
