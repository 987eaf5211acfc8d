/**
 * The bodies that all cells of a seed start from, in the run folder: learnt from the pool's images before the first round.
 */
import { deepCluster } from '../acquisition/unlabelled/deep-cluster.ts';
import { normalisedMutualInformation } from '../acquisition/unlabelled/mutual-information.ts';
import { loadBody, saveBody } from '../acquisition/unlabelled/saved-body.ts';
import { loadDataset } from '../datasets/registry.ts';
import { rootStream } from '../random.ts';
import type { FloatTensor } from '../safetensors.ts';
import type { ExperimentConfig } from './config.ts';
import { runPaths } from './run-folder.ts';

export interface PretrainingContext {
  readonly run: string;
  readonly config: ExperimentConfig;
  readonly dataDirs: readonly string[];
  readonly onLine: (text: string) => void;
  readonly onStatus: (text: string) => void;
  readonly signal: AbortSignal;
}

/**
 * Pre-trains the body of a seed on all images of the pool, without their labels and without a test image, and saves it. Killed,
 * it begins again and comes to the same bytes.
 */
export async function pretrain(
  seed: number,
  { run, config, dataDirs, onLine, onStatus, signal }: PretrainingContext,
): Promise<void> {
  const { classifier, unlabelled } = config;
  const pretraining = unlabelled?.pretraining;
  if (pretraining === undefined || classifier.kind === 'm2' || classifier.kind === 'linear-svm') {
    throw new Error(
      `pre-training, seed ${seed}: expected "unlabelled.pretraining" of a network in the config`,
    );
  }
  const { train, shape, classNames } = await loadDataset(config.dataset, { dataDirs });
  const body = await deepCluster(classifier, train.images, pretraining, {
    shape,
    classes: classNames.length,
    stream: rootStream(seed).of('pretraining'),
    onEpoch: (epoch, { loss, clusters }) =>
      onStatus(
        `epoch ${epoch} of ${pretraining.epochs}, ${clusters} clusters, mean loss ${loss.toFixed(3)} nats`,
      ),
    signal,
  });
  await saveBody(runPaths.pretraining(run, seed), body, { classifier, pretraining, shape, images: train.n });
  // For whoever watches alone: no strategy and no training is told what labels have to do with it.
  const agreement = normalisedMutualInformation(body.assigned, train.labels);
  onLine(
    `${pretraining.epochs} epochs on ${train.n} images, ${body.epochs.at(-1)?.clusters} clusters, mutual information with the ` +
      `true classes ${agreement.toFixed(3)}`,
  );
}

/** The body of a seed, by name; undefined if the experiment has none. */
export async function readBody(
  { run, config }: Pick<PretrainingContext, 'run' | 'config'>,
  seed: number,
): Promise<ReadonlyMap<string, FloatTensor> | undefined> {
  if (config.unlabelled?.pretraining === undefined) return undefined;
  return loadBody(runPaths.pretraining(run, seed));
}
