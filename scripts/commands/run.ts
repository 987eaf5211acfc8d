import { join, resolve } from 'node:path';
import { dataDirectories } from '../../src/datasets/registry.ts';
import { applyOverrides, type ExperimentConfig, parseConfig } from '../../src/experiments/config.ts';
import { openRun } from '../../src/experiments/run.ts';
import { backendFlag, type Command, dataFlag } from '../command.ts';
import { checkData, chooseBackend, execute } from '../execute.ts';
import { presetNames, readPreset } from '../presets.ts';
import { SUMMARIES } from '../summaries.ts';

export const runCommand: Command = {
  name: 'run',
  usage: '<preset or config.json>',
  summary: SUMMARIES.run,
  details: `
Presets: ${presetNames().join(', ')}.
A folder that already holds the same experiment is taken up where it stands; another one is refused.`,
  flags: {
    out: { type: 'string', value: 'DIR', help: 'Run folder; runs/<name> if left out' },
    backend: backendFlag,
    data: dataFlag,
    seeds: { type: 'string', value: '1,2,3', help: 'Root seeds instead of those of the config' },
    set: {
      type: 'string',
      value: 'PATH=VALUE',
      multiple: true,
      help: 'Changes the config, such as rounds=5',
    },
    jobs: { type: 'string', value: 'N', help: 'Processes at once; one a core, at most 4, if left out' },
  },
  run: async (args) => {
    const { source, raw } = readPreset(args.only('a preset or a config file'));
    const seeds = args.integers('seeds', 1);
    const jobs = args.integer('jobs', 1);
    const overrides = [
      ...args.list('set'),
      ...(seeds === undefined ? [] : [`seeds=${JSON.stringify(seeds)}`]),
    ];
    const config = withAbsolutePaths(parseConfig(source, applyOverrides(raw, overrides)));
    const dataDir = args.dataDir();
    const dataDirs = dataDirectories(dataDir === null ? {} : { flag: dataDir });
    const run = args.text('out') || join('runs', config.name);
    const backend = await chooseBackend(run, args.backend());
    const data = await checkData(source, config, dataDirs, run);
    await openRun(run, config);
    return execute({
      run,
      config,
      dataDirs,
      data,
      dataDir,
      backend,
      jobs,
    });
  },
};

/** A run is resumed from any folder, so it remembers its data and generators by absolute paths. */
function withAbsolutePaths(config: ExperimentConfig): ExperimentConfig {
  const { dataset } = config;
  const generators = Object.entries(config.generators).map(([name, model]) => [
    name,
    model.kind === 'folder' ? { ...model, path: resolve(model.path) } : model,
  ]);
  return {
    ...config,
    generators: Object.fromEntries(generators),
    dataset: dataset.name === 'folder' ? { ...dataset, path: resolve(dataset.path) } : dataset,
  };
}
