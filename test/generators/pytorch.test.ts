/**
 * Weights that PyTorch trained and Python's safetensors wrote: test/fixtures/pytorch-dcgan/make.py. The other way needs
 * a Python with torch, safetensors and numpy, named by GENAL_PYTHON.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { dcganModel } from '../../generators/dcgan.ts';
import { DcganConfig } from '../../generators/dcgan-config.ts';
import { loadGenerator } from '../../generators/load.ts';
import { writeModelFolder } from '../../generators/model-folder.ts';
import { originOf } from '../../generators/origin.ts';
import { trainGenerator } from '../../generators/training.ts';
import { wganGpModel } from '../../generators/wgan-gp.ts';
import { WganGpConfig } from '../../generators/wgan-gp-config.ts';
import { selectBackend } from '../../src/backend/backend.ts';
import { rootStream } from '../../src/random.ts';
import { decodeSafetensors, encodeSafetensors } from '../../src/safetensors.ts';

const FIXTURES = path.join(import.meta.dirname, '../fixtures/pytorch-dcgan');
const SCRIPT = path.join(import.meta.dirname, '../../docs/own-generators');
const PYTHON = process.env.GENAL_PYTHON;

beforeAll(async () => {
  await selectBackend('cpu');
});

interface Expected {
  readonly shape: readonly number[];
  readonly latents: number[];
  readonly images: number[];
  readonly logits: number[];
}

function expectClose(got: ArrayLike<number>, wanted: readonly number[]): void {
  expect(got.length).toBe(wanted.length);
  wanted.forEach((value, i) => {
    expect(Math.abs(got[i]! - value)).toBeLessThan(1e-5);
  });
}

function copyOf(name: string): string {
  const dir = path.join(mkdtempSync(path.join(tmpdir(), 'genal-pytorch-')), name);
  cpSync(path.join(FIXTURES, name), dir, { recursive: true });
  return dir;
}

describe.each(['dcgan', 'examples-dcgan', 'wgan-gp', 'wgan-gp-norms'])('%s', (name) => {
  test('has the images and scores that PyTorch computed', async () => {
    const expected: Expected = JSON.parse(readFileSync(path.join(FIXTURES, `${name}.json`), 'utf8'));
    const before = tf.memory().numTensors;
    const generator = await loadGenerator(path.join(FIXTURES, name));
    expect(generator.shape).toEqual(expected.shape);
    const images = generator.generate(tf.tensor2d(expected.latents, [3, 4]));
    expectClose(await images.data(), expected.images);
    expectClose(await generator.discriminate!(images).data(), expected.logits);
    generator.dispose();
    tf.dispose(images);
    // The latents and the scores.
    expect(tf.memory().numTensors).toBe(before + 2);
  });
});

test('images and scores of the fixtures differ from image to image, so that comparing them says something', () => {
  for (const name of ['dcgan', 'examples-dcgan', 'wgan-gp', 'wgan-gp-norms']) {
    const { images, logits }: Expected = JSON.parse(
      readFileSync(path.join(FIXTURES, `${name}.json`), 'utf8'),
    );
    const size = images.length / 3;
    expect(images.some((value, i) => i < size && Math.abs(value - images[i + size]!) > 0.05)).toBe(true);
    expect(Math.abs(logits[0]! - logits[1]!)).toBeGreaterThan(1e-3);
  }
});

describe('a folder that no training of ours left', () => {
  const config = DcganConfig.parse({ kind: 'dcgan', latentSize: 4, channels: [3, 2], batch: 2, steps: 1 });
  const data = { shape: [8, 12, 1] as const, images: new Uint8Array(4 * 96) };

  test('is not trained into', async () => {
    const dir = copyOf('dcgan');
    const before = readFileSync(path.join(dir, 'model.json'), 'utf8');
    await expect(trainGenerator(config, data, { dir, stream: rootStream(1) })).rejects.toThrow(
      `trainGenerator.dir: expected ${dir} to be free or to hold this training, got a model that was trained elsewhere`,
    );
    expect(readFileSync(path.join(dir, 'model.json'), 'utf8')).toBe(before);
  });

  test('is told what is wrong with its description', async () => {
    const dir = copyOf('dcgan');
    const file = path.join(dir, 'model.json');
    writeFileSync(file, '{"format":1,"config":{"kind":"dcgan","latent":4},"shape":[8,12]}');
    await expect(loadGenerator(dir)).rejects.toThrow(
      /model\.json: expected a generator's description; .*latent/,
    );
    writeFileSync(file, '{"format":"graph-model","modelTopology":{}}');
    await expect(loadGenerator(dir)).rejects.toThrow('expected format version 1, got "graph-model"');
  });

  test('is told which weights do not fit', async () => {
    const dir = copyOf('dcgan');
    const file = path.join(dir, 'model.json');
    writeFileSync(file, readFileSync(file, 'utf8').replace('"latentSize": 4', '"latentSize": 5'));
    await expect(loadGenerator(dir)).rejects.toThrow(
      'expected a tensor generator/dense/weights of shape [5, 18], got [4, 18]',
    );
  });

  test.each(['F16', 'BF16', 'F64'])('is told how to convert weights of %s', async (dtype) => {
    const dir = copyOf('dcgan');
    const header = JSON.stringify({ w: { dtype, shape: [1], data_offsets: [0, dtype === 'F64' ? 8 : 2] } });
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(header.length));
    const bytes = Buffer.concat([length, Buffer.from(header), Buffer.alloc(dtype === 'F64' ? 8 : 2)]);
    writeFileSync(path.join(dir, 'weights.safetensors'), bytes);
    await expect(loadGenerator(dir)).rejects.toThrow(
      `weights.safetensors: expected w to be F32, got "${dtype}"; convert it where it was written, in PyTorch with tensor.float()`,
    );
  });
});

test("other writers' metadata is kept, not judged", () => {
  const { metadata } = decodeSafetensors(readFileSync(path.join(FIXTURES, 'dcgan/weights.safetensors')));
  expect(metadata).toEqual({ format: 'pt' });
  expect(() => decodeSafetensors(encodeSafetensors(new Map(), { format: 'pt' }))).not.toThrow();
});

describe.skipIf(PYTHON === undefined)('in Python (GENAL_PYTHON)', () => {
  const data = { shape: [14, 12, 1] as const, images: new Uint8Array(4 * 168).fill(90) };
  test.each([
    ['dcgan', DcganConfig.parse({ kind: 'dcgan', latentSize: 4, channels: [3], batch: 2 })],
    [
      'wgan-gp',
      WganGpConfig.parse({
        kind: 'wgan-gp',
        latentSize: 4,
        width: 2,
        batch: 2,
        generatorNorm: 'batch',
        criticNorm: 'layer',
      }),
    ],
  ])(
    'a %s of ours computes the same',
    async (_, config) => {
      const stream = rootStream(3);
      const counts = { images: 4, labelled: 0 };
      const model =
        config.kind === 'dcgan'
          ? dcganModel.train(config, data.shape, counts, stream)
          : wganGpModel.train(config, data.shape, counts, stream);
      const images = tf.tensor4d(rootStream(4).normals(4 * 168 * model.batchesPerStep), [
        4 * model.batchesPerStep,
        14,
        12,
        1,
      ]);
      for (let step = 1; step <= 3; step++) tf.dispose({ ...model.step({ images }, rootStream(5).of(step)) });
      const dir = mkdtempSync(path.join(tmpdir(), 'genal-pytorch-'));
      await writeModelFolder(dir, originOf(config, data, stream), await model.weights());
      const latents = tf.tensor2d(rootStream(6).normals(12), [3, 4]);
      const generated = model.sampler.generate(latents);
      const scores = model.sampler.discriminate!(generated);
      const program = [
        'import sys, json; sys.path.insert(0, sys.argv[1]); import torch, genal_torch',
        'generator, opponent = genal_torch.load(sys.argv[2])',
        'images = generator(torch.tensor(json.loads(sys.argv[3])).reshape(3, 4))',
        'print(json.dumps([images.permute(0, 2, 3, 1).reshape(-1).tolist(), opponent(images).reshape(-1).tolist()]))',
      ].join('\n');
      const args = ['-B', '-c', program, SCRIPT, dir, JSON.stringify([...(await latents.data())])];
      const { stdout, stderr } = spawnSync(PYTHON!, args, { encoding: 'utf8' });
      expect(stderr).toBe('');
      const [theirImages, theirScores] = JSON.parse(stdout);
      expectClose(await generated.data(), theirImages);
      expectClose(await scores.data(), theirScores);
      tf.dispose([latents, images, generated, scores]);
      model.dispose();
    },
    60_000,
  );
});
