import { dataDirectories } from '../../src/datasets/registry.ts';
import { readManifest, readRunConfig } from '../../src/experiments/run.ts';
import type { Command } from '../command.ts';
import { checkData, chooseBackend, execute } from '../execute.ts';
import { SUMMARIES } from '../summaries.ts';

export const resumeCommand: Command = {
  name: 'resume',
  usage: '<run folder>',
  summary: SUMMARIES.resume,
  flags: {
    data: { type: 'string', value: 'DIR', help: 'Where data sets lie, if they have moved' },
    jobs: { type: 'string', value: 'N', help: 'Processes at once; one a core, at most 4, if left out' },
  },
  run: async (args) => {
    const run = args.only('a run folder');
    const config = await readRunConfig(run);
    const dataDir = args.dataDir() ?? (await readManifest(run))?.dataDir ?? null;
    const dataDirs = dataDirectories(dataDir === null ? {} : { flag: dataDir });
    const backend = await chooseBackend(run, undefined);
    const data = await checkData(run, config, dataDirs, run);
    return execute({
      run,
      config,
      dataDirs,
      data,
      dataDir,
      backend,
      jobs: args.integer('jobs', 1),
    });
  },
};
