import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { beforeAll, beforeEach, expect, test } from 'vitest';
import { loadGenerator } from '../../generators/load.ts';
import { selectBackend } from '../../src/backend/backend.ts';
import { dense, describeModel, edit, SHAPE, save, toyGenerator } from './layers-fixture.ts';

let dir: string;
beforeAll(async () => {
  await selectBackend('cpu');
});
beforeEach(async () => {
  dir = mkdtempSync(path.join(tmpdir(), 'genal-layers-'));
  await save(toyGenerator(), dir);
});

test.each(['../out.bin', '/etc/hostname', 'a/../../out.bin'])(
  'refuses the path %s out of its folder',
  async (file) => {
    edit(dir, ({ weightsManifest: [group] }) => group!.paths.splice(0, 1, file));
    await expect(loadGenerator(dir)).rejects.toThrow(
      `model.json: expected paths within its folder, got ${JSON.stringify(file)}`,
    );
    describeModel(dir, { discriminator: file });
    await expect(loadGenerator(dir)).rejects.toThrow(`genal.json: expected paths within its folder`);
  },
);

test('refuses a missing or short shard, by name', async () => {
  writeFileSync(path.join(dir, 'shard-2.bin'), Buffer.alloc(63));
  await expect(loadGenerator(dir)).rejects.toThrow(
    /expected \d+ bytes in shard-1\.bin, shard-2\.bin, .*got \d+/,
  );
  rmSync(path.join(dir, 'shard-2.bin'));
  await expect(loadGenerator(dir)).rejects.toThrow(
    /shard-2\.bin: expected weights of .*model\.json, got no such file/,
  );
});

test('refuses weights that the topology does not have', async () => {
  edit(dir, ({ weightsManifest: [group] }) => {
    group!.weights[0]!.name = 'other/kernel';
  });
  await expect(loadGenerator(dir)).rejects.toThrow(
    /model\.json: expected a model that TensorFlow\.js can build: .*other\/kernel/s,
  );
});

test.each([
  ['another range', { range: [0, 255] }, 'genal.json: range.1'],
  ['an unknown field', { rage: [0, 1] }, 'genal.json: all of it: Unrecognized key: "rage"'],
  [
    'a model that is not there',
    { encoder: 'e/model.json' },
    'model.json: expected a layers model, got no such file',
  ],
])('refuses %s', async (_, json, message) => {
  describeModel(dir, json);
  await expect(loadGenerator(dir)).rejects.toThrow(message);
});

test('refuses models whose inputs or outputs do not fit', async () => {
  await save(dense([3], 4, 1), path.join(dir, 'flat'));
  await expect(loadGenerator(path.join(dir, 'flat'))).rejects.toThrow(
    'generator: expected one output [null, height, width, channels], got [null, 4]',
  );
  await save(dense([4, 5, 1], 1, 1), path.join(dir, 'd'));
  describeModel(dir, { discriminator: 'd/model.json' });
  await expect(loadGenerator(dir)).rejects.toThrow(
    "discriminator: expected input [null, 4, 6, 1], the generator's images, got [null, 4, 5, 1]",
  );
  await save(dense(SHAPE, 2, 1), path.join(dir, 'd'));
  await expect(loadGenerator(dir)).rejects.toThrow('discriminator: expected output [null, 1], got [null, 2]');
});
