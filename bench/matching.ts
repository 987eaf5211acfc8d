/**
 * `npm run bench -- matching`: what replacing queries by pool images costs as the pool grows, beside scoring the whole
 * pool, and beside Python's libraries of nearest neighbours. What is measured: bench/README.md.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { arch, cpus, platform, totalmem } from 'node:os';
import { dirname } from 'node:path';
import { parseArgs } from 'node:util';
import type { z } from 'zod';
import { ExactConfig, HnswConfig, type IndexConfig, LshForestConfig } from '../matching/indexes/config.ts';
import { selectBackend } from '../src/backend/backend.ts';
import type { BackendName } from '../src/backend/backend-names.ts';
import { rootStream } from '../src/random.ts';
import { barsOf, exponentsOf } from './matching/bars.ts';
import { measureSize, type SizeReport } from './matching/measure-size.ts';
import { timePca } from './matching/pca-fit.ts';
import { startPythonPeer } from './matching/python-peer.ts';
import { createSetup } from './matching/setup.ts';
import * as tables from './matching/tables.ts';

const HELP = `Usage: npm run bench -- matching [flags]

  --sizes A,B,C      vectors of a pool, such as 1e4; 1e4,1e5,1e6 if left out
  --indexes A,B      of hnsw, lsh-forest; both if left out. exact is always there
  --hnsw JSON        its options, such as '{"efSearch":100}'; the defaults if left out
  --lsh-forest JSON  its options
  --sweep            also recall against time over settings of the search
  --rounds N         measurements; 9 if left out
  --peer python      the same pools in hnswlib, FAISS and scikit-learn
  --python PATH      the interpreter that has them; python3 if left out
  --generator DIR    a trained generator of MNIST to search in; an untrained DCGAN if left out
  --images N         real images that pools are drawn after; 60000 if left out
  --backend NAME     what computes: tensorflow, webgpu, wasm or cpu; the best that loads if left out
  --data DIR         where MNIST is, if not in $GENAL_DATA
  --seed N           of all chance; 1 if left out
  --json FILE        also write the figures
  --help             show this help`;

const COMPONENTS = 50;
/** An index that would take longer to build is left out. */
const LONGEST_BUILD_MS = 3_600_000;

const OPTIONS = {
  sizes: { type: 'string', default: '1e4,1e5,1e6' },
  indexes: { type: 'string', default: 'hnsw,lsh-forest' },
  hnsw: { type: 'string', default: '{}' },
  'lsh-forest': { type: 'string', default: '{}' },
  sweep: { type: 'boolean', default: false },
  rounds: { type: 'string', default: '9' },
  peer: { type: 'string' },
  python: { type: 'string', default: 'python3' },
  generator: { type: 'string' },
  images: { type: 'string', default: '60000' },
  backend: { type: 'string' },
  data: { type: 'string' },
  seed: { type: 'string', default: '1' },
  json: { type: 'string' },
  help: { type: 'boolean', default: false },
} as const;

/** Runs the benchmark with the flags after `matching`: tables on standard output, progress on standard error. */
export async function benchMatching(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({ args: [...args], options: OPTIONS });
  if (values.help) return console.log(HELP);
  const sizes = values.sizes.split(',').map((text) => wholeNumber('sizes', text, 100));
  const rounds = wholeNumber('rounds', values.rounds, 1);
  const images = wholeNumber('images', values.images, 100);
  const stream = rootStream(wholeNumber('seed', values.seed, 1));
  const configs = indexConfigs(values);
  if (values.peer !== undefined && values.peer !== 'python') {
    throw new RangeError(`--peer: expected python, got ${values.peer}`);
  }
  // Before the measuring, which takes long: a place that cannot be written is told of now.
  if (values.json) await mkdir(dirname(values.json), { recursive: true });
  const say = (line: string) => console.error(`${new Date().toISOString().slice(11, 19)}  ${line}`);
  const choice = await selectBackend(values.backend as BackendName | undefined);
  const peer = values.peer === undefined ? undefined : await startPythonPeer(values.python);
  const memory = `${(totalmem() / 2 ** 30).toFixed(0)} GiB`;
  const machine = `${cpus()[0]?.model.trim()}, ${cpus().length} cores, ${memory}, ${platform()} ${arch()}`;
  console.log(`- machine: ${machine}, Node.js ${process.version}`);
  console.log(`- backend: ${choice.backend} (${choice.detail})`);
  if (peer) console.log(`- peer: ${peer.name}`);
  try {
    const { data, generator } = values;
    const setup = await createSetup({ images, components: COMPONENTS, generator, data, stream, say });
    console.log(`- generator: ${setup.generatorName}; indexes: ${JSON.stringify(configs)}\n`);
    say('fitting components');
    const pca = await timePca(setup, peer, stream.of('pca'));
    const reports: SizeReport[] = [];
    for (const n of sizes) {
      const built = configs.filter((config) => isBuilt(config, n, reports.at(-1), say));
      reports.push(
        await measureSize(setup, n, { configs: built, rounds, isSwept: values.sweep, peer, stream, say }),
      );
    }
    const bars = barsOf(reports, pca);
    const parts = [
      tables.poolTable(setup.check, reports),
      tables.indexTable(reports),
      tables.roundTable(reports),
      ...(values.sweep ? [tables.sweepTable(reports)] : []),
      ...(peer ? [tables.peerTable(reports)] : []),
      tables.pcaTable(pca),
      tables.barTable(bars),
    ];
    console.log(parts.join('\n\n'));
    if (values.json) {
      const report = {
        machine,
        node: process.version,
        backend: choice.backend,
        detail: choice.detail,
        peer: peer?.name ?? null,
        generator: setup.generatorName,
        check: setup.check,
        pca,
        sizes: reports,
        exponents: exponentsOf(reports),
        bars,
      };
      await writeFile(values.json, `${JSON.stringify(report, null, 2)}\n`);
    }
  } finally {
    await peer?.close();
  }
}

/** The indexes asked for, the exact one first. */
function indexConfigs(values: {
  readonly indexes: string;
  readonly hnsw: string;
  readonly 'lsh-forest': string;
}): IndexConfig[] {
  const approximate = values.indexes.split(',').map((kind): IndexConfig => {
    if (kind === 'hnsw') return parseOptions('--hnsw', HnswConfig, kind, values.hnsw);
    if (kind === 'lsh-forest')
      return parseOptions('--lsh-forest', LshForestConfig, kind, values['lsh-forest']);
    throw new RangeError(`--indexes: expected hnsw or lsh-forest, got ${kind}`);
  });
  return [ExactConfig.parse({ kind: 'exact' }), ...approximate];
}

function parseOptions<Config>(flag: string, schema: z.ZodType<Config>, kind: string, text: string): Config {
  try {
    return schema.parse({ kind, ...(JSON.parse(text) as object) });
  } catch (error) {
    throw new RangeError(`${flag}: ${error instanceof Error ? error.message : error}`);
  }
}

/** Whether building takes less than an hour, going by the size before and a growth of n log n. */
function isBuilt(
  config: IndexConfig,
  n: number,
  last: SizeReport | undefined,
  say: (line: string) => void,
): boolean {
  const before = last?.indexes.find((index) => index.config.kind === config.kind);
  if (last === undefined || before === undefined) return last === undefined;
  const ms = before.buildMs * ((n * Math.log(n)) / (last.n * Math.log(last.n)));
  if (ms > LONGEST_BUILD_MS)
    say(`${n}: ${config.kind} left out, it would take ${(ms / 3.6e6).toFixed(1)} hours`);
  return ms <= LONGEST_BUILD_MS;
}

function wholeNumber(flag: string, text: string, least: number): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < least) {
    throw new RangeError(`--${flag}: expected a whole number of at least ${least}, got ${text}`);
  }
  return value;
}
