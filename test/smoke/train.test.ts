/**
 * Training a generator and drawing from it on the command line.
 */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { beforeAll, describe, expect, test } from 'vitest';
import { genal, start } from '../scripts/command-line.ts';

const folder = mkdtempSync(join(tmpdir(), 'genal-train-'));
const words = (out: string, ...more: string[]) => [
  'train',
  'dcgan',
  '--dataset',
  'digits',
  '--classes',
  '1,4',
  '--preset',
  'smoke',
  '--backend',
  'wasm',
  '--set',
  'steps=40',
  '--set',
  'gridEvery=20',
  '--set',
  'checkpointEvery=10',
  '--out',
  out,
  ...more,
]; // prettier-ignore
const model = join(folder, 'model');

beforeAll(async () => {
  const { status, stdout, stderr } = await genal(...words(model));
  expect(stderr).toBe('');
  expect(status).toBe(0);
  expect(stdout.trim().split('\n').at(-1)).toBe(`generator: ${model}`);
});

describe('genal train', () => {
  test('leaves a model, its losses and its grids, and no checkpoint', () => {
    expect(readdirSync(model).sort()).toEqual([
      'grids',
      'metrics.jsonl',
      'model.json',
      'weights.safetensors',
    ]);
    expect(readdirSync(join(model, 'grids')).sort()).toEqual(['step-20.png', 'step-40.png']);
    expect(readFileSync(join(model, 'metrics.jsonl'), 'utf8').trim().split('\n')).toHaveLength(40);
  });

  test('refuses another config, naming the difference', async () => {
    const { status, stderr } = await genal(...words(model, '--set', 'batch=16'));
    expect(status).toBe(1);
    expect(stderr).toMatch(/batch: saved 32, asked 16/);
  });

  test('goes on after an interrupt, to the same weights', { timeout: 120_000 }, async () => {
    const out = join(folder, 'interrupted');
    const { child, ended } = start(words(out));
    await new Promise<void>((resolve) => {
      child.stdout?.on('data', (chunk: Buffer) => {
        if (chunk.toString().includes('step ')) resolve();
      });
    });
    child.kill('SIGINT');
    const { status, stdout } = await ended;
    expect(status).toBe(130);
    expect(stdout).toContain('the training is saved');
    expect(existsSync(join(out, 'checkpoint.safetensors'))).toBe(true);
    expect((await genal(...words(out))).status).toBe(0);
    for (const file of ['weights.safetensors', 'metrics.jsonl']) {
      expect(readFileSync(join(out, file)).equals(readFileSync(join(model, file)))).toBe(true);
    }
  });
});

describe('genal sample', () => {
  test('draws the same images for the same seed, as a picture and as an array', async () => {
    const files = (name: string, seed: string) => [
      'sample',
      model,
      '--count',
      '6',
      '--seed',
      seed,
      '--backend',
      'wasm',
      '--grid',
      join(folder, name, 'grid.png'),
      '--npy',
      join(folder, name, 'images.npy'),
    ]; // prettier-ignore
    expect((await genal(...files('a', '1'))).status).toBe(0);
    expect((await genal(...files('b', '1'))).status).toBe(0);
    expect((await genal(...files('c', '2'))).status).toBe(0);
    const read = (name: string, file: string) => readFileSync(join(folder, name, file)).toString('base64');
    for (const file of ['grid.png', 'images.npy']) {
      expect(read('b', file)).toBe(read('a', file));
      expect(read('c', file)).not.toBe(read('a', file));
    }
    const { width = 0, height = 0 } = await sharp(join(folder, 'a', 'grid.png')).metadata();
    expect(Math.min(width, height)).toBeGreaterThanOrEqual(28);
    expect(readFileSync(join(folder, 'a', 'images.npy')).toString('latin1')).toMatch(
      /'shape': *\(6, *28, *28, *1\)/,
    );
  });

  test('says that a folder holds no generator', async () => {
    rmSync(join(folder, 'empty'), { recursive: true, force: true });
    const { status, stderr } = await genal('sample', join(folder, 'empty'), '--npy', join(folder, 'x.npy'));
    expect(status).toBe(1);
    expect(stderr).toContain('expected a trained generator in');
    expect(stderr).not.toMatch(/^\s+at /m);
  });
});
