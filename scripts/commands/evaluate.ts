import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { loadGenerator } from '../../generators/load.ts';
import { untrainedImages } from '../../generators/untrained.ts';
import { writeFileAtomic } from '../../src/atomic-write.ts';
import { selectBackend } from '../../src/backend/backend.ts';
import { type Evaluation, evaluateGenerator } from '../../src/experiments/evaluation/evaluate-generator.ts';
import { judgeOf } from '../../src/experiments/evaluation/judge.ts';
import { evaluationPictures } from '../../src/experiments/evaluation/pictures.ts';
import { rootStream } from '../../src/random.ts';
import { writeEvaluationPage } from '../../src/reports/evaluation-page.ts';
import { evaluationRows } from '../../src/reports/evaluation-rows.ts';
import { writeGrid } from '../../src/reports/grid.ts';
import { backendFlag, type Command } from '../command.ts';
import { datasetConfig, datasetFlags, datasetOf } from '../dataset-flags.ts';
import { Progress } from '../progress.ts';
import { SUMMARIES } from '../summaries.ts';

export const evaluateCommand: Command = {
  name: 'evaluate',
  usage: '<generator folder>',
  summary: SUMMARIES.evaluate,
  details: `
Distances are taken in the features of a judge, a classifier of the data set that this command trains once (see genal
judge), and stand beside those of real images and of the same model untrained. They are no FID, and compare only under
one judge. Writes evaluation.json, index.html and the pictures.`,
  flags: {
    ...datasetFlags,
    count: {
      type: 'string',
      value: 'N',
      help: 'Images to draw; 5000 if left out, at most half the test images',
    },
    seed: { type: 'string', value: 'S', help: 'Root seed of latents and draws; 1 if left out' },
    out: {
      type: 'string',
      value: 'DIR',
      help: "Where results go; the generator folder's evaluation/ if left out",
    },
    judge: { type: 'string', value: 'DIR', help: "Folder of the judge; in the user's cache if left out" },
    json: { type: 'boolean', help: 'Print evaluation.json and nothing else' },
    backend: backendFlag,
  },
  run: async (args) => {
    const dir = args.only('a generator folder');
    const config = datasetConfig(args);
    const count = args.integer('count', 6) ?? 5000;
    const seed = args.integer('seed', 1) ?? 1;
    const out = args.text('out') ?? join(dir, 'evaluation');
    const { backend } = await selectBackend(args.backend());
    const generator = await loadGenerator(dir);
    const dataset = await datasetOf(args, config);
    const isQuiet = args.has('json');
    const progress = new Progress();
    const status = (text: string): void => {
      if (!isQuiet) progress.status('evaluate', text);
    };
    const judge = await judgeOf(dataset, {
      dir: args.text('judge'),
      onProgress: ({ update, updates }) => status(`training the judge, update ${update} of ${updates}`),
    });
    const stream = rootStream(seed).of('evaluation');
    const figures = await evaluateGenerator(generator, dataset, {
      judge,
      count,
      stream,
      untrained: (n, latents) => untrainedImages(dir, n, latents),
      onStatus: status,
    });
    status('pictures');
    const pictures = await evaluationPictures(generator, dataset, stream.of('pictures'));
    const record = { generator: dir, backend, seed, ...figures };
    await mkdir(out, { recursive: true });
    for (const { name, images, columns } of pictures) {
      await writeGrid(join(out, `${name}.png`), images, dataset.shape, { columns, scale: 2 });
    }
    await writeEvaluationPage(join(out, 'index.html'), record, pictures);
    await writeFileAtomic(join(out, 'evaluation.json'), `${JSON.stringify(record, null, 2)}\n`);
    generator.dispose();
    judge.classifier.dispose();
    progress.end('evaluate');
    console.log(isQuiet ? JSON.stringify(record, null, 2) : summary(figures, out));
    return 0;
  },
};

/** The figures as a table of text. */
function summary(figures: Evaluation, out: string): string {
  const { head, rows } = evaluationRows(figures);
  const table = [head, ...rows];
  const widths = head.map((_, column) => Math.max(...table.map((row) => (row[column] ?? '').length)));
  const lines = table.map((row) =>
    row
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join('  '),
  );
  return `${lines.join('\n')}\npictures: ${join(out, 'index.html')}`;
}
