/**
 * Benchmarks: `npm run bench -- steps|matching|selection [flags]`. What is measured: bench/README.md.
 */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { arch, cpus, platform, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { selectBackend } from '../src/backend/backend.ts';
import type { BackendName } from '../src/backend/backend-names.ts';
import { caseNamed, standardCases, wideCases } from './cases/all.ts';
import type { CaseSize, StepCase } from './cases/case.ts';
import { benchMatching } from './matching.ts';
import { PEER_NAMES, startPeer } from './peer.ts';
import { benchSelection } from './selection.ts';
import { benchCase, type StepsResult, type StepTiming } from './steps.ts';
import { quartiles } from './timing.ts';

const HELP = `Usage: npm run bench -- steps [flags]
       npm run bench -- matching [flags], see npm run bench -- matching --help
       npm run bench -- selection [flags], see npm run bench -- selection --help

  --backend NAME   what computes: tensorflow, webgpu, wasm or cpu; the best that loads if left out
  --peer NAME      who takes the same steps beside it: ${PEER_NAMES.join(', ')}
  --python PATH    the interpreter that has torch; python3 if left out
  --case A,B       some cases: ${[...standardCases, ...wideCases].map(({ name }) => name).join(', ')}
                   without it the first ${standardCases.length}
  --size NAME      full, or tiny to try the program itself
  --rounds N       measurements of each case; 9 if left out
  --json FILE      also write the figures
  --help           show this help`;

/** What `--json` writes. */
interface StepsReport extends StepsResult {
  readonly machine: string;
  readonly node: string;
  readonly backend: string;
  readonly detail: string;
  readonly peer: string | null;
}

async function main(words: readonly string[]): Promise<void> {
  const { positionals, values } = parseArgs({
    args: [...words],
    allowPositionals: true,
    options: {
      backend: { type: 'string' },
      peer: { type: 'string' },
      python: { type: 'string', default: 'python3' },
      case: { type: 'string' },
      size: { type: 'string', default: 'full' },
      rounds: { type: 'string', default: '9' },
      json: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return console.log(HELP);
  if (positionals.length !== 1 || positionals[0] !== 'steps') {
    throw new RangeError(`bench: expected "steps", got "${positionals.join(' ')}"; see --help`);
  }
  const rounds = Number(values.rounds);
  if (!Number.isInteger(rounds) || rounds < 1) {
    throw new RangeError(`--rounds: expected a whole number of at least 1, got ${values.rounds}`);
  }
  if (values.size !== 'full' && values.size !== 'tiny') {
    throw new RangeError(`--size: expected full or tiny, got ${values.size}`);
  }
  const size: CaseSize = values.size;
  const cases = values.case?.split(',').map(caseNamed) ?? standardCases;
  // Before the measuring, which takes minutes: a place that cannot be written is told of now.
  if (values.json) await mkdir(dirname(values.json), { recursive: true });
  const [only, ...others] = cases;
  const report =
    only !== undefined && others.length === 0
      ? await measureHere(only, {
          size,
          rounds,
          backend: values.backend,
          peer: values.peer,
          python: values.python,
        })
      : await measureApart(cases, words);
  console.log(`\nmatmul    ${report.matmulGflops.toFixed(1)} GFLOP/s, 1024 x 1024`);
  for (const { step, what } of report.steps) console.log(`${step.padEnd(15)} ${what}`);
  if (values.json) await writeFile(values.json, `${JSON.stringify(report, null, 2)}\n`);
}

/** One case, in this process. */
async function measureHere(
  only: StepCase,
  flags: {
    readonly size: CaseSize;
    readonly rounds: number;
    readonly backend: string | undefined;
    readonly peer: string | undefined;
    readonly python: string;
  },
): Promise<StepsReport> {
  const { backend, detail } = await selectBackend(flags.backend as BackendName | undefined);
  const peer = flags.peer === undefined ? undefined : await startPeer(flags.peer, flags);
  const machine = `${cpus()[0]?.model.trim()}, ${cpus().length} cores, ${platform()} ${arch()}`;
  const { size, rounds } = flags;
  const result = await benchCase(only, { size, rounds, peer });
  peer?.close();
  const report = { machine, node: process.version, backend, detail, peer: peer?.name ?? null, ...result };
  printHead(report);
  for (const timing of report.steps) console.log(row(timing));
  return report;
}

/**
 * Each case in a process of its own, one after another, and so is the peer's side of it: what a case leaves behind in the
 * allocators of either is not counted against the next.
 */
async function measureApart(cases: readonly StepCase[], words: readonly string[]): Promise<StepsReport> {
  const scratch = await mkdtemp(join(tmpdir(), 'genal-bench-'));
  const reports: StepsReport[] = [];
  try {
    for (const { name } of cases) {
      const json = join(scratch, `${name}.json`);
      // The last of a flag given twice counts.
      const command = [
        ...process.execArgv,
        fileURLToPath(import.meta.url),
        ...words,
        '--case',
        name,
        '--json',
        json,
      ];
      await promisify(execFile)(process.execPath, command).catch((error: Error & { stderr?: string }) => {
        throw new Error(error.stderr?.trim().split('\n').at(-1) ?? error.message);
      });
      const report = JSON.parse(await readFile(json, 'utf8')) as StepsReport;
      if (reports.length === 0) printHead(report);
      for (const timing of report.steps) console.log(row(timing));
      reports.push(report);
    }
  } finally {
    await rm(scratch, { recursive: true });
  }
  return {
    ...(reports[0] as StepsReport),
    matmulGflops: quartiles(reports.map(({ matmulGflops }) => matmulGflops)).median,
    steps: reports.flatMap(({ steps }) => steps),
  };
}

function printHead({ machine, node, backend, detail, peer }: StepsReport): void {
  console.log(`machine   ${machine}, node ${node}`);
  console.log(`backend   ${backend} (${detail})`);
  if (peer !== null) console.log(`peer      ${peer}`);
  console.log(`\n${header(peer !== null)}`);
}

const WIDTHS = [15, 10, 18, 8, 9, 8, 11, 7, 14];

function line(cells: readonly string[]): string {
  return cells
    .map((cell, i) => (i === 0 ? cell.padEnd(WIDTHS[i] as number) : cell.padStart(WIDTHS[i] as number)))
    .join(' ');
}

function header(peer: boolean): string {
  const ours = ['step', 'ms', 'quartiles', 'GFLOP', 'GFLOP/s', 'matmul'];
  return line(peer ? [...ours, 'peer ms', 'ratio', 'quartiles'] : ours);
}

function row({ step, ms, spread, gflop, gflops, shareOfMatmul, peer }: StepTiming): string {
  const ours = [
    step,
    ms.toFixed(1),
    range(spread, 1),
    gflop.toFixed(2),
    gflops.toFixed(1),
    `${(100 * shareOfMatmul).toFixed(0)} %`,
  ];
  return line(peer ? [...ours, peer.ms.toFixed(1), peer.ratio.toFixed(2), range(peer.spread, 2)] : ours);
}

function range([low, high]: readonly [number, number], digits: number): string {
  return `${low.toFixed(digits)} - ${high.toFixed(digits)}`;
}

const [name, ...rest] = process.argv.slice(2);

const others = new Map([
  ['matching', benchMatching],
  ['selection', benchSelection],
]);

(others.get(name ?? '')?.(rest) ?? main(process.argv.slice(2)))
  // A peer that is still busy would keep the process alive.
  .then(() => process.exit(0))
  .catch((error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exit(1);
  });
