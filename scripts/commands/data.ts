import { cacheDirectory } from '../../src/cache-directory.ts';
import { FETCHABLE, fetchDataset } from '../../src/datasets/fetch.ts';
import { type DatasetListing, dataDirectories, listDatasets } from '../../src/datasets/registry.ts';
import { ConfigError } from '../../src/experiments/config-error.ts';
import type { Arguments, Command } from '../command.ts';
import { Progress } from '../progress.ts';
import { SUMMARIES } from '../summaries.ts';

export const dataCommand: Command = {
  name: 'data',
  usage: 'list | fetch <name>',
  summary: SUMMARIES.data,
  details: `
fetch knows ${FETCHABLE.join(', ')}. It checks what it downloaded by SHA-256 and puts it into --data, or else into
the user's cache folder. Nothing is ever downloaded without this command.`,
  flags: {
    data: { type: 'string', value: 'DIR', help: 'Folder of data sets' },
    json: { type: 'boolean', help: 'list: print JSON' },
    'base-url': { type: 'string', value: 'URL', help: 'fetch: take the files from this mirror' },
  },
  run: async (args) => {
    const [action, ...rest] = args.positionals;
    if (action === 'list' && rest.length === 0) return list(args);
    if (action === 'fetch' && rest.length === 1) return fetch(rest[0] as string, args);
    throw new ConfigError(
      `genal data: expected "list" or "fetch <name>", got "${args.positionals.join(' ')}"`,
    );
  },
};

async function list(args: Arguments): Promise<number> {
  const flag = args.dataDir();
  const datasets = await listDatasets({ dataDirs: dataDirectories(flag === null ? {} : { flag }) });
  console.log(args.has('json') ? JSON.stringify(datasets, null, 2) : describeDatasets(datasets));
  return 0;
}

async function fetch(name: string, args: Arguments): Promise<number> {
  const known = FETCHABLE.find((candidate) => candidate === name);
  if (known === undefined) {
    throw new ConfigError(`genal data fetch: expected one of ${FETCHABLE.join(', ')}, got "${name}"`);
  }
  const into = args.text('data') ?? cacheDirectory();
  const baseUrl = args.text('base-url');
  const progress = new Progress();
  const controller = new AbortController();
  process.once('SIGINT', () => controller.abort());
  let folder: string;
  try {
    folder = await fetchDataset(known, {
      into,
      ...(baseUrl === undefined ? {} : { baseUrl }),
      onProgress: ({ file, received, total }) => {
        const of = total === null ? '' : ` of ${megabytes(total)}`;
        progress.status(file, `${megabytes(received)}${of}`);
      },
      signal: controller.signal,
    });
  } catch (error) {
    if (!controller.signal.aborted) throw error;
    console.log('interrupted; whole files are kept. Go on with the same command.');
    return 130;
  }
  console.log(`${name}: ${folder}`);
  return 0;
}

/** One line a data set. */
export function describeDatasets(datasets: readonly DatasetListing[]): string {
  return datasets
    .map(({ name, builtIn, folder, trainImages, testImages, classes, shape, problem }) => {
      const what = `${classes} classes of ${shape.join(' x ')}`;
      const counts = trainImages === null ? '' : `, ${trainImages} train and ${testImages} test images`;
      const where = builtIn ? 'built in' : (folder ?? problem ?? `not found; genal data fetch ${name}`);
      return `${name.padEnd(14)} ${what}${counts}: ${problem !== null && folder !== null ? `${folder}: ${problem}` : where}`;
    })
    .join('\n');
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
