/**
 * What is made once for all pool sizes: features of real images, the mixture that pools are drawn from, the task model and
 * the generator.
 */
import { Dcgan } from '../../generators/dcgan.ts';
import { DcganConfig } from '../../generators/dcgan-config.ts';
import { createDcganNetwork, dcganShapes } from '../../generators/dcgan-networks.ts';
import type { Generator } from '../../generators/generator.ts';
import { loadGenerator } from '../../generators/load.ts';
import { PcaConfig } from '../../matching/features/config.ts';
import { featuresOfBytes } from '../../matching/features/feature-map.ts';
import { fitPca, type PcaFeatures } from '../../matching/features/pca.ts';
import type { Vectors } from '../../matching/indexes/vector-index.ts';
import type { TrainedClassifier } from '../../src/classifiers/classifier.ts';
import { LenetConfig } from '../../src/classifiers/config.ts';
import { trainClassifier } from '../../src/classifiers/train.ts';
import { DatasetConfig } from '../../src/datasets/config.ts';
import type { Dataset, ImageShape } from '../../src/datasets/dataset.ts';
import { imageSize } from '../../src/datasets/dataset.ts';
import { dataDirectories, loadDataset } from '../../src/datasets/registry.ts';
import type { Stream } from '../../src/random.ts';
import { type Neighbourhood, neighbourhoodOf } from './neighbourhood.ts';
import { drawPool, fitBootstrap, type SmoothedBootstrap } from './smoothed-bootstrap.ts';

const LABELS = 100;

export interface SetupOptions {
  /** Real images; fewer to try the program itself. */
  readonly images: number;
  readonly components: number;
  /** Folder of a trained generator; an untrained DCGAN without one. */
  readonly generator: string | undefined;
  readonly data: string | undefined;
  readonly stream: Stream;
  /** Told what is being done, which takes a minute. */
  readonly say: (line: string) => void;
}

export interface Setup {
  readonly dataset: Dataset;
  readonly map: PcaFeatures;
  readonly bootstrap: SmoothedBootstrap;
  /** `[test images, components]`: features of images that no pool is drawn from. */
  readonly queries: Vectors;
  readonly generator: Generator;
  readonly generatorName: string;
  /** A LeNet trained on a hundred images: for times, its accuracy is of no account. */
  readonly classifier: TrainedClassifier;
  /** Real vectors beside as many drawn ones. */
  readonly check: { readonly real: Neighbourhood; readonly drawn: Neighbourhood };
}

export async function createSetup(options: SetupOptions): Promise<Setup> {
  const { images, components, stream, say } = options;
  const dirs = dataDirectories(options.data === undefined ? {} : { flag: options.data });
  const spec = DatasetConfig.parse({ name: 'mnist', trainLimit: images });
  const dataset = await loadDataset(spec, { dataDirs: dirs });
  const { train, test, shape } = dataset;
  say(`features of ${train.n} real images`);
  const rows = Array.from({ length: train.n }, (_, row) => row);
  const config = PcaConfig.parse({ kind: 'pca', keep: { components } });
  const map = await fitPca(train.images, shape, rows, { config, stream: stream.of('pca') });
  const real = { values: await featuresOfBytes(map, train.images, shape), size: map.size };
  const queries = { values: await featuresOfBytes(map, test.images, shape), size: map.size };
  say('the neighbours of each');
  const bootstrap = await fitBootstrap(real, stream.of('bootstrap'));
  const drawn = drawPool(bootstrap, train.n, stream.of('pool'));
  const sample = stream.of('check');
  const check = {
    real: await neighbourhoodOf(real, sample.of('real')),
    drawn: await neighbourhoodOf(drawn, sample.of('drawn')),
  };
  say('the task model');
  const labelled = {
    images: train.images.subarray(0, LABELS * imageSize(shape)),
    labels: train.labels.subarray(0, LABELS),
    n: LABELS,
  };
  const classifier = await trainClassifier(LenetConfig.parse({ kind: 'lenet' }), labelled, {
    shape,
    classes: dataset.classNames.length,
    weights: stream.of('weights'),
    order: stream.of('order'),
  });
  const generator =
    options.generator === undefined
      ? untrainedDcgan(shape, stream.of('generator'))
      : await loadGenerator(options.generator);
  const generatorName = options.generator === undefined ? 'an untrained DCGAN' : generator.kind;
  return { dataset, map, bootstrap, queries, generator, generatorName, classifier, check };
}

/** A DCGAN of the default size. What it makes costs the same as a trained one's. */
function untrainedDcgan(shape: ImageShape, stream: Stream): Generator {
  const { latentSize, channels } = DcganConfig.parse({ kind: 'dcgan' });
  const architecture = { latentSize, channels, shape };
  const shapes = dcganShapes(architecture);
  return new Dcgan(architecture, {
    generator: createDcganNetwork(shapes.generator, stream.of('generator')),
    discriminator: createDcganNetwork(shapes.discriminator, stream.of('discriminator')),
  });
}
