/**
 * SHA-256 of trained models, so that an index built by one is never searched with another.
 */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { generatorFiles } from '../../generators/load.ts';
import type { TrainedModel } from '../../src/classifiers/classifier.ts';
import { encodeSafetensors, type FloatTensor } from '../../src/safetensors.ts';

/**
 * The hash of a saved generator: of the lines `<SHA-256>  <file>`, sorted by file, as `sha256sum` writes them. The
 * weights are among the files, and the description without which they mean nothing.
 *
 * @throws the file system's error if a file is missing
 */
export async function hashGeneratorFolder(dir: string): Promise<string> {
  const files = [...(await generatorFiles(dir))].sort();
  const contents = await Promise.all(files.map((file) => readFile(path.join(dir, file))));
  return sha256(files.map((file, i) => `${sha256(contents[i] as Buffer)}  ${file}\n`).join(''));
}

/** The hash of a classifier's weights as `saveClassifier` would write them, and of its kind. */
export async function hashClassifier(classifier: TrainedModel): Promise<string> {
  const tensors = new Map<string, FloatTensor>();
  for (const [name, tensor] of classifier.weights()) {
    tensors.set(name, { shape: tensor.shape, values: await tensor.data<'float32'>() });
  }
  return sha256(encodeSafetensors(tensors, { kind: classifier.config.kind }));
}

function sha256(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}
