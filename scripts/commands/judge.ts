import { selectBackend } from '../../src/backend/backend.ts';
import { judgeFolder, judgeOf } from '../../src/experiments/evaluation/judge.ts';
import { backendFlag, type Command } from '../command.ts';
import { datasetConfig, datasetFlags, datasetOf } from '../dataset-flags.ts';
import { Progress } from '../progress.ts';
import { SUMMARIES } from '../summaries.ts';

export const judgeCommand: Command = {
  name: 'judge',
  usage: '',
  summary: SUMMARIES.judge,
  details: `
A LeNet of 32 and 64 filters and 128 features, 4,000 steps on all labels of the data set. It is kept in the user's cache
folder and found there by genal evaluate, which trains it itself if there is none. Two machines may train slightly
different ones: copy the folder where figures are to be compared, and see the judge's id in every evaluation.`,
  flags: {
    ...datasetFlags,
    out: { type: 'string', value: 'DIR', help: "Its folder; in the user's cache if left out" },
    backend: backendFlag,
  },
  run: async (args) => {
    args.none();
    const config = datasetConfig(args);
    const dataset = await datasetOf(args, config);
    const dir = args.text('out') ?? judgeFolder(dataset);
    await selectBackend(args.backend());
    const progress = new Progress();
    const { classifier, id, testAccuracy } = await judgeOf(dataset, {
      dir,
      onProgress: ({ update, updates }) => progress.status('judge', `update ${update} of ${updates}`),
    });
    progress.end('judge');
    classifier.dispose();
    console.log(`judge ${id}: ${(100 * testAccuracy).toFixed(2)} % of test images right, in ${dir}`);
    return 0;
  },
};
