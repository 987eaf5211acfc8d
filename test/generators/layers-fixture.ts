/**
 * Small layers models and folders of them as TensorFlow.js saves them.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { rootStream } from '../../src/random.ts';

/** Of the images that {@link toyGenerator} makes of three latents. */
export const SHAPE = [4, 6, 1] as const;
const { layers } = tf;

/** Sets every weight to seeded values; moving statistics too, so that forgetting them shows. */
function fill(model: tf.LayersModel, seed: number): tf.LayersModel {
  const weights = model.getWeights().map((weight, i) => {
    const values = rootStream(seed).of('weight', i).normals(weight.size);
    return tf.tensor(
      values.map((value) => 0.6 + 0.4 * Math.tanh(value)),
      weight.shape,
    );
  });
  model.setWeights(weights);
  tf.dispose(weights);
  return model;
}

export function toyGenerator(activation: 'tanh' | 'sigmoid' = 'tanh'): tf.LayersModel {
  const model = tf.sequential({
    layers: [
      layers.dense({ units: 12, inputShape: [3], useBias: false }),
      layers.reshape({ targetShape: [2, 3, 2] }),
      layers.batchNormalization({ epsilon: 1e-3 }),
      layers.dropout({ rate: 0.5 }),
      layers.leakyReLU({ alpha: 0.2 }),
      layers.conv2dTranspose({ filters: 1, kernelSize: 3, strides: 2, padding: 'same' }),
      layers.rescaling({ scale: 0.2, offset: -0.4 }),
      layers.activation({ activation }),
    ],
  });
  return fill(model, 1);
}

export function toyDiscriminator(): tf.LayersModel {
  const images = tf.input({ shape: [...SHAPE] });
  const maps = layers
    .conv2d({ filters: 2, kernelSize: 3, strides: 2, padding: 'same', name: 'maps' })
    .apply(images);
  const norm = layers.batchNormalization({ name: 'norm' }).apply(maps);
  const flat = layers.flatten({ name: 'flat' }).apply(norm);
  const score = layers.dense({ units: 1, name: 'score' }).apply(flat) as tf.SymbolicTensor;
  return fill(tf.model({ inputs: images, outputs: score }), 2);
}

export function dense(inputShape: readonly number[], units: number, seed: number): tf.LayersModel {
  const size = tf.util.sizeFromShape([...inputShape]);
  const flat = layers.reshape({ targetShape: [size], inputShape: [...inputShape] });
  return fill(tf.sequential({ layers: [flat, layers.dense({ units })] }), seed);
}

/** The standard layout: `model.json` and its shards, here of at most `bytes` each. */
export async function save(model: tf.LayersModel, folder: string, bytes = 64): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const handler = tf.io.withSaveHandler(
    async ({ modelTopology, weightSpecs, weightData, format, generatedBy }) => {
      const data = Buffer.from(weightData as ArrayBuffer);
      const paths = Array.from({ length: Math.ceil(data.length / bytes) }, (_, i) => `shard-${i + 1}.bin`);
      paths.forEach((file, i) => {
        writeFileSync(path.join(folder, file), data.subarray(i * bytes, (i + 1) * bytes));
      });
      const weightsManifest = [{ paths, weights: weightSpecs }];
      const json = { format, generatedBy, modelTopology, weightsManifest };
      writeFileSync(path.join(folder, 'model.json'), JSON.stringify(json));
      return { modelArtifactsInfo: { dateSaved: new Date(), modelTopologyType: 'JSON' } };
    },
  );
  await model.save(handler);
}

/** Changes a saved model's `model.json`. */
export function edit(folder: string, change: (json: ModelJson) => void): void {
  const file = path.join(folder, 'model.json');
  const json = JSON.parse(readFileSync(file, 'utf8')) as ModelJson;
  change(json);
  writeFileSync(file, JSON.stringify(json));
}
interface ModelJson {
  format?: string;
  weightsManifest: {
    paths: string[];
    weights: { name: string; shape: number[]; dtype: string; quantization?: object }[];
  }[];
}

/** Says in `genal.json` what is beside the generator. */
export function describeModel(folder: string, options: object): void {
  writeFileSync(path.join(folder, 'genal.json'), JSON.stringify(options));
}
