/**
 * What `genal train` says to a user: labels, wrong words, folders that are taken. Trainings of a few steps.
 */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { GeneratorConfig } from '../../generators/config.ts';
import { presetNames, readPreset } from '../../scripts/presets.ts';
import { genal } from './command-line.ts';

const folder = mkdtempSync(join(tmpdir(), 'genal-train-command-'));
afterAll(() => rmSync(folder, { recursive: true }));

const DIGITS = JSON.stringify({ name: 'digits', trainSize: 600, testSize: 10 });
const words = (kind: string, out: string, ...more: string[]) => [
  'train',
  kind,
  '--dataset',
  DIGITS,
  '--preset',
  'smoke',
  '--backend',
  'wasm',
  '--out',
  out,
  ...more,
];
const tiny = ['steps=12', 'gridEvery=0', 'network.hidden=[8]', 'ema=0.9'].flatMap((change) => [
  '--set',
  change,
]);

test('every preset is a config of its model', () => {
  for (const option of GeneratorConfig.options) {
    const kind = option.shape.kind.value;
    const names = presetNames(`generators/${kind}`);
    expect(names, kind).toEqual(expect.arrayContaining(['small', 'smoke']));
    for (const name of names) {
      const { raw } = readPreset(name, `generators/${kind}`);
      expect(GeneratorConfig.parse(raw).kind, `${kind}/${name}`).toBe(kind);
    }
  }
});

describe('genal train m2', { timeout: 600_000 }, () => {
  const out = join(folder, 'm2');
  const ours = words('m2', out, '--classes', '5,7', '--labels', '50', ...tiny);

  test('learns the classes asked for, says how it goes, and has nothing left to do the second time', async () => {
    const { status, stdout, stderr } = await genal(...ours);
    expect(stderr).toBe('');
    expect(status).toBe(0);
    expect(stdout).toMatch(/^m2 on \d+ images of digits, 50 of them labelled, backend wasm \(.+\), into /);
    expect(stdout).toMatch(
      /step 12 of 12, loss [\d.]+, labelled bound [\d.]+, unlabelled bound [\d.]+, classification [\d.]+, \d+ images\/s, 0 s left\n/,
    );
    const { config, labelled } = JSON.parse(readFileSync(join(out, 'model.json'), 'utf8'));
    expect(config).toMatchObject({ classes: 2, ema: 0.9, network: { hidden: [8] } });
    expect(labelled.count).toBe(50);
    const before = readdirSync(out).map((name) => [name, readFileSync(join(out, name)).toString('base64')]);
    const again = await genal(...ours);
    expect(again.status).toBe(0);
    expect(again.stdout).toContain('trained before; nothing was left to do');
    expect(readdirSync(out).map((name) => [name, readFileSync(join(out, name)).toString('base64')])).toEqual(
      before,
    );
  });

  test('refuses another seed, and a folder that another process trains in', async () => {
    const seeded = await genal(...ours, '--seed', '2');
    expect(seeded.status).toBe(1);
    expect(seeded.stderr).toMatch(/labelled\.sha256: saved .+; stream: saved \d+, asked \d+\)$/m);
    const taken = join(folder, 'taken');
    mkdirSync(taken);
    // This process is alive, so its lock holds.
    writeFileSync(join(taken, '.lock'), `${process.pid}\n`);
    const second = await genal(...words('m2', taken, '--labels', '50', ...tiny));
    expect(second.status).toBe(1);
    expect(second.stderr.trim()).toBe(`${taken}: in use by process ${process.pid}`);
  });
});

test('what is wrong is told in a sentence, and nothing is written', { timeout: 600_000 }, async () => {
  const out = join(folder, 'never');
  const [file, nowhere] = [join(folder, 'file'), '{"name":"folder","path":"/nowhere"}'];
  writeFileSync(file, '');
  const calls: [string[], RegExp][] = [
    [words('m2', out), /^--labels: expected how many labels m2 may see, such as 100, got none$/],
    [words('vae', out, '--labels', '9'), /^--labels: expected none, since vae learns from no labels, got 9$/],
    [
      words('m2', out, '--labels', '20'),
      /^m2\.labelledBatch: expected at most the 20 labelled images, got 50$/,
    ],
    [words('m2', out, '--labels', '601'), /expected at most the 600 rows there are, got 601$/],
    [
      words('vae', out, '--set', 'kind=dcgan'),
      /^genal train: expected the config of a vae, got one of a dcgan$/,
    ],
    // The config comes before the data set, which is nowhere.
    [words('vae', out, '--dataset', nowhere, '--set', 'batch=0'), /^generator: .*batch/s],
    [words('vae', file), /^--out: expected a folder that can be written, got .+ \(E[A-Z]+: .+\)$/],
  ];
  for (const [call, sentence] of calls) {
    const { status, stderr } = await genal(...call);
    expect(stderr.trim()).toMatch(sentence);
    expect(stderr).not.toMatch(/^\s+at /m);
    expect(status).toBe(1);
  }
  expect(existsSync(out)).toBe(false);
});

test('its help names the flag of labels and who takes it', async () => {
  const { stdout } = await genal('train', '--help');
  expect(stdout).toMatch(/--labels N +Training images whose label m2 may see/);
});
