/**
 * A trained M2 from its weights.
 */
import { m2Model } from '../../../generators/m2.ts';
import { M2Config } from '../../../generators/m2-config.ts';
import { m2Layers } from '../../../generators/m2-networks.ts';
import { m2Variables } from '../../../generators/m2-step.ts';
import { emptyNetwork } from '../../../generators/network.ts';
import { assignVariables } from '../../../generators/variables.ts';
import type { TrainingReport } from '../../classifiers/classifier.ts';
import type { ImageShape } from '../../datasets/dataset.ts';
import type { FloatTensor } from '../../safetensors.ts';
import type { M2TaskConfig } from './config.ts';
import type { M2TaskModel } from './task-model.ts';

/** M2's own options; what is left out has no part in a task model. */
export function ownOptions({ kind: _, epochs: __, ...config }: M2TaskConfig, classes: number): M2Config {
  return M2Config.parse({ ...config, kind: 'm2', classes });
}

/**
 * M2 as a task model, its variables copies of `tensors`, named `<network>/<variable>`. The caller disposes it.
 *
 * @throws RangeError if a tensor is missing, has another shape, or is not the model's
 */
export function openM2(
  config: M2TaskConfig,
  { shape, classes }: { readonly shape: ImageShape; readonly classes: number },
  training: TrainingReport,
  tensors: ReadonlyMap<string, FloatTensor>,
): M2TaskModel {
  const own = ownOptions(config, classes);
  const layers = m2Layers({ ...own, shape });
  const networks = {
    classifier: emptyNetwork(layers.shapes.classifier),
    encoder: emptyNetwork(layers.shapes.encoder),
    decoder: emptyNetwork(layers.shapes.decoder),
  };
  const m2 = m2Model.open(own, shape, networks);
  try {
    assignVariables(m2Variables(networks), tensors);
  } catch (error) {
    m2.dispose();
    throw error;
  }
  const last = layers.classifierLayers.at(-1) as string;
  return {
    config,
    training,
    shape,
    classes,
    m2,
    parts: { layers, ...networks },
    scores: (images) => m2.classify(images),
    // The last hidden layer is dense in every M2.
    features: (images) => m2.features(images, last) as ReturnType<M2TaskModel['features']>,
    weights: () => new Map(Object.entries(m2Variables(networks))),
    dispose: () => m2.dispose(),
  };
}
