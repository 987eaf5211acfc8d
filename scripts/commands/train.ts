import { mkdir } from 'node:fs/promises';
import { z } from 'zod';
import { GeneratorConfig } from '../../generators/config.ts';
import { trainGenerator } from '../../generators/training.ts';
import { checkTrainingData } from '../../generators/training-data.ts';
import { takesLabels } from '../../generators/zoo.ts';
import { selectBackend } from '../../src/backend/backend.ts';
import { DatasetConfig } from '../../src/datasets/config.ts';
import { dataDirectories, loadDataset } from '../../src/datasets/registry.ts';
import { applyOverrides, parseJson } from '../../src/experiments/config.ts';
import { ConfigError } from '../../src/experiments/config-error.ts';
import { lockRun } from '../../src/experiments/run.ts';
import { describeTraining } from '../../src/experiments/tasks.ts';
import { trainingData } from '../../src/experiments/training-data.ts';
import { rootStream } from '../../src/random.ts';
import { writeGrid } from '../../src/reports/grid.ts';
import { backendFlag, type Command, dataFlag } from '../command.ts';
import { presetNames, readPreset } from '../presets.ts';
import { Progress } from '../progress.ts';

const kinds = GeneratorConfig.options.map((model) => model.shape.kind.value);
const labelTakers = kinds.filter((kind) => takesLabels(kind));
const datasetNames = DatasetConfig.options
  .map((dataset) => dataset.shape.name.value)
  .filter((name) => name !== 'folder');

export const trainCommand: Command = {
  name: 'train',
  usage: '<generator>',
  summary: 'Trains a generator on the training images of a data set',
  details: `
Generators: ${kinds.join(', ')}.
${kinds.map((kind) => `Presets of ${kind}: ${presetNames(`generators/${kind}`).join(', ')}.`).join('\n')}
An unfinished training in the folder is taken up where it was last saved; one with another config is refused.`,
  flags: {
    dataset: {
      type: 'string',
      value: 'NAME',
      help: `A name (${datasetNames.join(', ')}), or the "dataset" of a config as JSON`,
    },
    classes: { type: 'string', value: '5,7', help: 'Only these classes' },
    labels: {
      type: 'string',
      value: 'N',
      help: `Training images whose label ${labelTakers.join(', ')} may see, as many of each class as can be`,
    },
    out: { type: 'string', value: 'DIR', help: 'Folder of the generator' },
    preset: { type: 'string', value: 'NAME', help: 'Size and length of the training; small if left out' },
    set: {
      type: 'string',
      value: 'PATH=VALUE',
      multiple: true,
      help: 'Changes the config, such as steps=500',
    },
    seed: { type: 'string', value: 'S', help: 'Root seed; 1 if left out' },
    data: dataFlag,
    backend: backendFlag,
  },
  run: async (args) => {
    const kind = args.only('a generator, such as dcgan');
    const out = args.text('out');
    if (!kinds.some((known) => known === kind)) {
      throw new ConfigError(`genal train: expected one of ${kinds.join(', ')}, got "${kind}"`);
    }
    const name = args.text('dataset');
    if (out === undefined) throw new ConfigError('--out: expected a folder for the generator, got none');
    if (name === undefined) throw new ConfigError('--dataset: expected the name of a data set, got none');
    const { raw } = readPreset(args.text('preset') ?? 'small', `generators/${kind}`);
    const labels = args.integer('labels', 2);
    checkLabels(kind, labels);
    const classes = args.integers('classes', 0);
    const datasetConfig = parse('--dataset', DatasetConfig, {
      ...(name.startsWith('{') ? (parseJson('--dataset', name) as object) : { name }),
      ...(classes === undefined ? {} : { classes }),
    });
    const flag = args.dataDir();
    const dataset = await loadDataset(datasetConfig, {
      dataDirs: dataDirectories(flag === null ? {} : { flag }),
    });
    const seed = args.integer('seed', 1) ?? 1;
    const stream = rootStream(seed);
    const ofData = takesLabels(kind) ? { classes: dataset.classNames.length } : {};
    const config = parse(
      'generator',
      GeneratorConfig,
      applyOverrides({ ...ofData, ...(raw as object) }, args.list('set')),
    );
    const data = trainingData(dataset, labels, stream.of('labelled'));
    checkTrainingData(config, data);
    const { backend, detail } = await selectBackend(args.backend());
    console.log(
      `${kind} on ${dataset.train.n} images of ${name}${labels === undefined ? '' : `, ${labels} of them labelled`}, backend ${backend} (${detail}), into ${out}`,
    );

    await mkdir(out, { recursive: true });
    const unlock = await lockRun(out);
    const progress = new Progress();
    const controller = new AbortController();
    process.once('SIGINT', () => controller.abort());
    try {
      const generator = await trainGenerator(config, data, {
        dir: out,
        stream: stream.of('generator', kind),
        onProgress: (state) => progress.status(kind, describeTraining(state)),
        onGrid: (step, images) => writeGrid(`${out}/grids/step-${step}.png`, images, dataset.shape),
        signal: controller.signal,
      });
      generator.dispose();
    } catch (error) {
      if (!controller.signal.aborted) throw error;
      progress.end(kind);
      console.log('interrupted; the training is saved. Go on with the same command.');
      return 130;
    } finally {
      await unlock();
    }
    progress.end(kind);
    console.log(`generator: ${out}`);
    return 0;
  },
};

function checkLabels(kind: string, labels: number | undefined): void {
  if (takesLabels(kind) && labels === undefined) {
    throw new ConfigError(`--labels: expected how many labels ${kind} may see, such as 100, got none`);
  }
  if (!takesLabels(kind) && labels !== undefined) {
    throw new ConfigError(`--labels: expected none, since ${kind} learns from no labels, got ${labels}`);
  }
}

function parse<Schema extends z.ZodType>(source: string, schema: Schema, raw: unknown): z.output<Schema> {
  const parsed = schema.safeParse(raw);
  if (parsed.success) return parsed.data;
  throw new ConfigError(`${source}: ${z.prettifyError(parsed.error)}`);
}
