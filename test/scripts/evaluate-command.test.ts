/**
 * What `genal evaluate` leaves behind, with a small judge of the test's own.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { selectBackend } from '../../src/backend/backend.ts';
import { ClassifierConfig } from '../../src/classifiers/config.ts';
import { saveClassifier } from '../../src/classifiers/saved.ts';
import { trainClassifier } from '../../src/classifiers/train.ts';
import { digitsDataset } from '../../src/datasets/digits.ts';
import { rootStream } from '../../src/random.ts';
import { genal } from './command-line.ts';

const folder = mkdtempSync(join(tmpdir(), 'genal-evaluate-command-'));
afterAll(() => rmSync(folder, { recursive: true }));

const SIZES = { trainSize: 300, testSize: 60 };
const dataset = ['--dataset', JSON.stringify({ name: 'digits', ...SIZES }), '--backend', 'wasm'];

test('writes figures, a page and its pictures, the same again, and says what is missing', {
  timeout: 300_000,
}, async () => {
  await selectBackend('wasm');
  const { train, shape } = digitsDataset(SIZES);
  const judge = await trainClassifier(
    ClassifierConfig.parse({ kind: 'mlp', hidden: [8], updates: 20 }),
    train,
    {
      shape,
      classes: 10,
      weights: rootStream(1),
      order: rootStream(2),
    },
  );
  await saveClassifier(join(folder, 'judge'), judge);
  judge.dispose();

  const model = join(folder, 'vae');
  const changes = ['steps=3', 'gridEvery=0', 'network.hidden=[8]'].flatMap((change) => ['--set', change]);
  const trained = await genal('train', 'vae', ...dataset, '--preset', 'smoke', ...changes, '--out', model);
  expect(trained.stderr).toBe('');

  const words = ['evaluate', model, ...dataset, '--judge', join(folder, 'judge'), '--count', '30'];
  const first = await genal(...words);
  expect(first.stderr).toBe('');
  expect(first.stdout).toContain('Fréchet distance');
  const out = join(model, 'evaluation');
  const page = readFileSync(join(out, 'index.html'), 'utf8');
  for (const name of ['samples', 'nearest', 'interpolation', 'reconstructions']) {
    expect(page).toContain(`${name}.png`);
    expect(existsSync(join(out, `${name}.png`)), name).toBe(true);
  }
  const figures = readFileSync(join(out, 'evaluation.json'), 'utf8');
  expect(JSON.parse(figures)).toMatchObject({
    kind: 'vae',
    dataset: 'digits',
    samples: { rows: 30 },
    seed: 1,
  });

  const again = await genal(...words, '--json');
  expect(JSON.parse(again.stdout)).toEqual(JSON.parse(figures));
  expect(readFileSync(join(out, 'evaluation.json'), 'utf8')).toBe(figures);

  const nowhere = await genal('evaluate', join(folder, 'nowhere'), ...dataset);
  expect(nowhere.status).toBe(1);
  expect(nowhere.stderr).toContain('expected a trained generator in');
});
