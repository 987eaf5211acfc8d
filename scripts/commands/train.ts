import { mkdir } from 'node:fs/promises';
import { GeneratorConfig } from '../../generators/config.ts';
import { type TrainingProgress, trainGenerator } from '../../generators/training.ts';
import { checkTrainingData } from '../../generators/training-data.ts';
import { takesLabels } from '../../generators/zoo.ts';
import { selectBackend } from '../../src/backend/backend.ts';
import { applyOverrides } from '../../src/experiments/config.ts';
import { ConfigError } from '../../src/experiments/config-error.ts';
import { lockRun } from '../../src/experiments/run.ts';
import { describeTraining } from '../../src/experiments/tasks.ts';
import { trainingData } from '../../src/experiments/training-data.ts';
import { rootStream } from '../../src/random.ts';
import { writeGrid } from '../../src/reports/grid.ts';
import { backendFlag, type Command } from '../command.ts';
import { datasetConfig, datasetFlags, datasetOf } from '../dataset-flags.ts';
import { parseConfig } from '../parse-config.ts';
import { presetNames, readPreset } from '../presets.ts';
import { Progress } from '../progress.ts';
import { SUMMARIES } from '../summaries.ts';

const kinds = GeneratorConfig.options.map((model) => model.shape.kind.value);
const labelTakers = kinds.filter((kind) => takesLabels(kind));

export const trainCommand: Command = {
  name: 'train',
  usage: '<generator>',
  summary: SUMMARIES.train,
  details: `
Generators: ${kinds.join(', ')}.
${kinds.map((kind) => `Presets of ${kind}: ${presetNames(`generators/${kind}`).join(', ')}.`).join('\n')}
An unfinished training in the folder is taken up where it was last saved; one with another config is refused.`,
  flags: {
    ...datasetFlags,
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
    backend: backendFlag,
  },
  run: async (args) => {
    const kind = args.only('a generator, such as dcgan');
    const out = args.text('out');
    if (!kinds.some((known) => known === kind)) {
      throw new ConfigError(`genal train: expected one of ${kinds.join(', ')}, got "${kind}"`);
    }
    if (out === undefined) throw new ConfigError('--out: expected a folder for the generator, got none');
    const datasetOptions = datasetConfig(args);
    const { raw } = readPreset(args.text('preset') ?? 'small', `generators/${kind}`);
    const labels = args.integer('labels', 2);
    checkLabels(kind, labels);
    const root = rootStream(args.integer('seed', 1) ?? 1);
    const wanted = args.backend();
    const configOf = (ofData: object) =>
      modelConfig(kind, { ...ofData, ...(raw as object) }, args.list('set'));
    // Once before the data set is loaded, so that a slip is told at once.
    configOf({});
    const dataset = await datasetOf(args, datasetOptions);
    const config = configOf(takesLabels(kind) ? { classes: dataset.classNames.length } : {});
    const data = trainingData(dataset, labels, root.of('labelled'));
    checkTrainingData(config, data);
    const { backend, detail } = await selectBackend(wanted);
    const labelled = labels === undefined ? '' : `, ${labels} of them labelled`;
    console.log(
      `${kind} on ${dataset.train.n} images of ${datasetOptions.name}${labelled}, backend ${backend} (${detail}), into ${out}`,
    );

    const unlock = await lockFolder(out);
    const progress = new Progress();
    const controller = new AbortController();
    process.once('SIGINT', () => {
      console.log('stopping after this step; interrupt again to stop at once');
      controller.abort();
    });
    let last: TrainingProgress | undefined;
    try {
      const generator = await trainGenerator(config, data, {
        dir: out,
        stream: root.of('generator', kind),
        onProgress: (state) => {
          last = state;
          progress.status(kind, describeTraining(state));
        },
        onGrid: (step, images) => writeGrid(`${out}/grids/step-${step}.png`, images, dataset.shape),
        signal: controller.signal,
      });
      generator.dispose();
    } catch (error) {
      if (error !== controller.signal.reason) throw error;
      console.log('interrupted; the training is saved. Go on with the same command.');
      return 130;
    } finally {
      progress.end(kind);
      await unlock();
    }
    if (last === undefined) console.log('trained before; nothing was left to do');
    else progress.line(kind, describeTraining(last));
    console.log(`generator: ${out}`);
    return 0;
  },
};

/** ConfigError with every problem, or if the preset or `--set` is of another kind of model. */
function modelConfig(kind: string, raw: object, overrides: readonly string[]): GeneratorConfig {
  const asked = applyOverrides({ kind, ...raw }, overrides) as { kind: unknown };
  if (asked.kind !== kind) {
    throw new ConfigError(`genal train: expected the config of a ${kind}, got one of a ${asked.kind}`);
  }
  return parseConfig('generator', GeneratorConfig, asked);
}

/** Makes the folder and keeps others from writing to it; ConfigError if neither can be. */
async function lockFolder(out: string): Promise<() => Promise<void>> {
  try {
    await mkdir(out, { recursive: true });
    return await lockRun(out);
  } catch (error) {
    if (!(error instanceof Error && 'syscall' in error)) throw error;
    throw new ConfigError(`--out: expected a folder that can be written, got ${out} (${error.message})`);
  }
}

function checkLabels(kind: string, labels: number | undefined): void {
  if (takesLabels(kind) && labels === undefined) {
    throw new ConfigError(`--labels: expected how many labels ${kind} may see, such as 100, got none`);
  }
  if (!takesLabels(kind) && labels !== undefined) {
    throw new ConfigError(`--labels: expected none, since ${kind} learns from no labels, got ${labels}`);
  }
}
