/**
 * DeepCluster: a network learns, without labels, to tell clusters of its own features apart.
 *
 *     repeat: features h of all images, each divided by its length
 *             k-means of them: the cluster of every image is its label
 *             a new last layer; training on these labels, as many images of every cluster
 *
 * Source: Caron, Bojanowski, Joulin and Douze 2018, "Deep clustering for unsupervised learning of visual features" (ECCV),
 * section 3; before active learning Siméoni, Budnik, Avrithis and Gravier 2021, "Rethinking deep active learning", with
 * 5 clusters a class and no whitening.
 * Reference code: facebookresearch/deepcluster main.py, clustering.py, util.py (UnifLabelSampler), for the last layer from
 * N(0, 0.01^2) with gradient descent of its own without momentum, and for the balanced passes.
 * Differs: no principal components before k-means (as Siméoni et al.); no Sobel filter; the features have been through their
 * activation; k-means starts by k-means++ and gives an empty cluster the row farthest from its centre, where faiss splits a
 * large one.
 */
import * as tf from '@tensorflow/tfjs';
import { Sgd } from '../../backend/sgd.ts';
import type { Network } from '../../classifiers/network.ts';
import { featuresOfImages } from '../../classifiers/predict.ts';
import {
  buildNetwork,
  labelledRows,
  type NetworkConfig,
  type Optimiser,
  trainingStep,
} from '../../classifiers/train-network.ts';
import { type ImageShape, imageSize } from '../../datasets/dataset.ts';
import type { Stream } from '../../random.ts';
import type { FloatTensor } from '../../safetensors.ts';
import { checkInteger } from '../../shapes.ts';
import { kMeans } from '../k-means.ts';
import { unitRows } from '../unit-rows.ts';
import { balancedBatches } from './balanced-batches.ts';
import type { DeepClusterConfig } from './config.ts';
import { normalisedMutualInformation } from './mutual-information.ts';

const MOMENTUM = 0.9;
const HEAD_DEVIATION = 0.01;
/** Steps between two turns of the event loop, for timers and signals. */
const STEPS_A_TURN = 8;

/** What one clustering and the training on it came to. */
export interface ClusterEpoch {
  /** Clusters that have an image. */
  readonly clusters: number;
  /** {@link normalisedMutualInformation} with the clusters of the epoch before; null in the first. */
  readonly agreement: number | null;
  /** Mean loss of its steps, in nats, the penalty included. */
  readonly loss: number;
}

/** A network without its last layer, learnt from images alone. */
export interface PretrainedBody {
  /** Its weights and running statistics by name. */
  readonly weights: ReadonlyMap<string, FloatTensor>;
  readonly epochs: readonly ClusterEpoch[];
  /** The cluster of each image in the last epoch. */
  readonly assigned: Int32Array;
}

export interface DeepClusterOptions {
  readonly shape: ImageShape;
  /** Classes of the data set; nothing but the number of clusters follows from them. */
  readonly classes: number;
  /** Not moved. Below it: `weights`, `clusters` by epoch, `head` by epoch, `order` by epoch. */
  readonly stream: Stream;
  /** Called after every epoch, the first being 1. It changes nothing about the result. */
  readonly onEpoch?: (epoch: number, of: ClusterEpoch) => void;
  /** Stops between two steps; nothing is left behind. */
  readonly signal?: AbortSignal;
}

/**
 * Pre-trains the body of a network. A pure function of its arguments: the same to the last bit on one machine and backend.
 *
 * Cost: an epoch scores every image once, clusters `n` rows of features and takes its training steps. Memory: two copies of
 * the features, 4 bytes a value.
 *
 * @param classifier the network; its training plays no part but for its changes of images
 * @param images bytes `[n, height, width, channels]`
 * @throws RangeError if there are fewer images than clusters; the signal's reason if it is aborted; Error if the loss stops
 *   being finite
 */
export async function deepCluster(
  classifier: NetworkConfig,
  images: Uint8Array,
  config: DeepClusterConfig,
  { shape, classes, stream, onEpoch, signal }: DeepClusterOptions,
): Promise<PretrainedBody> {
  const n = images.length / imageSize(shape);
  checkInteger('deepCluster.images', n, 1);
  const clusters = config.clustersPerClass * classes;
  if (clusters > n) {
    throw new RangeError(`deepCluster.clustersPerClass: expected at most ${n} clusters, got ${clusters}`);
  }
  const network = buildNetwork(classifier, shape, clusters, stream.of('weights'));
  const optimiser = clusterOptimiser(network, config.learningRate);
  const step = trainingStep(network, optimiser, config.weightDecay);
  const updates = config.updates ?? Math.ceil(n / config.batch);
  const epochs: ClusterEpoch[] = [];
  let assigned: Int32Array | undefined;
  try {
    for (let epoch = 1; epoch <= config.epochs; epoch++) {
      const before = assigned;
      const features = await featuresOfImages(network, images);
      const size = features.length / n;
      const rows = { values: unitRows(features, size), size };
      const { iterations } = config;
      signal?.throwIfAborted();
      assigned = (await kMeans(rows, clusters, stream.of('clusters', epoch), { iterations })).assigned;
      drawHead(network, stream.of('head', epoch));
      const order = stream.of('order', epoch);
      const batches = balancedBatches(assigned, config.batch, order);
      let sum = 0;
      for (let update = 1; update <= updates; update++) {
        signal?.throwIfAborted();
        const draws = { dropout: order.of('dropout', update), augment: order.of('augment', update) };
        const labelled = { images, labels: assigned };
        const { loss } = tf.tidy(() =>
          step(labelledRows(network, labelled, batches.next().value, draws, classifier.augment)),
        );
        sum += (await loss.data())[0] as number;
        loss.dispose();
        if (update % STEPS_A_TURN === 0) await new Promise((resolve) => setImmediate(resolve));
      }
      if (!Number.isFinite(sum)) {
        throw new Error(
          `deepCluster.learningRate: expected one that keeps the loss finite, got ${config.learningRate} with a loss of ` +
            `${sum / updates} in epoch ${epoch}`,
        );
      }
      const agreement = before === undefined ? null : normalisedMutualInformation(before, assigned);
      epochs.push({ clusters: new Set(assigned).size, agreement, loss: sum / updates });
      onEpoch?.(epoch, epochs.at(-1) as ClusterEpoch);
    }
    return { weights: await bodyOf(network), epochs, assigned: assigned as Int32Array };
  } finally {
    step.dispose();
    optimiser.dispose();
    network.dispose();
  }
}

/**
 * Gradient descent with momentum for the body, and without for the last layer, which is drawn anew time and again and of which
 * nothing may be left. The caller disposes it.
 */
export function clusterOptimiser(
  network: Network,
  learningRate: number,
): Pick<Optimiser, 'apply' | 'dispose'> {
  const ofBody = Object.entries(network.weights).filter(([name]) => !(name in network.headWeights));
  const body = new Sgd(Object.fromEntries(ofBody), { learningRate, momentum: MOMENTUM });
  const head = new Sgd(network.headWeights, { learningRate });
  return {
    apply: (gradients) => {
      body.apply(gradients);
      head.apply(gradients);
    },
    dispose: () => {
      body.dispose();
      head.dispose();
    },
  };
}

/** A new last layer: kernel from N(0, 0.01^2), biases 0. */
function drawHead({ headWeights }: Network, stream: Stream): void {
  for (const [name, variable] of Object.entries(headWeights)) {
    const values =
      variable.rank > 1
        ? stream
            .of(name)
            .normals(variable.size)
            .map((value) => HEAD_DEVIATION * value)
        : new Float32Array(variable.size);
    tf.tidy(() => variable.assign(tf.tensor(values, variable.shape)));
  }
}

/** Everything but the last layer, on the host. */
async function bodyOf(network: Network): Promise<Map<string, FloatTensor>> {
  const weights = new Map<string, FloatTensor>();
  for (const [name, variable] of Object.entries(network.variables)) {
    if (name in network.headWeights) continue;
    weights.set(name, { shape: variable.shape, values: await variable.data<'float32'>() });
  }
  return weights;
}
