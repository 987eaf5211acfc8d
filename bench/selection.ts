/**
 * `npm run bench -- selection`: how long strategies take to pick from large pools, and how much memory the process holds at
 * most, beside PyTorch. What is measured: bench/README.md.
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { rootStream } from '../src/random.ts';
import { type SelectionCase, selectionCases, writeCase } from './selection/cases.ts';
import { type Picked, type Side, startOurs, startPyTorch } from './selection/side.ts';
import { quartiles } from './timing.ts';

const HELP = `Usage: npm run bench -- selection [flags]

  --peer python    the same pools in PyTorch
  --python PATH    the interpreter that has torch; python3 if left out
  --case A,B       of core-set, badge; both if left out
  --size NAME      full, or tiny to try the program itself
  --rounds N       measurements of each case; 9 if left out
  --backend NAME   what computes: tensorflow, webgpu, wasm or cpu; the best that loads if left out
  --json FILE      also write the figures
  --help           show this help`;

/** What was measured of a case. */
interface SelectionTiming {
  readonly case: SelectionCase;
  readonly ms: number;
  readonly spread: readonly [low: number, high: number];
  readonly peakBytes: number;
  readonly peer?: {
    readonly ms: number;
    /** Our time over the peer's: the median of the rounds' ratios, and the quartiles. Below 1 we are faster. */
    readonly ratio: number;
    readonly spread: readonly [low: number, high: number];
    readonly peakBytes: number;
    /** Rows that both picked in the last round, of a case that draws nothing. */
    readonly same: number;
  };
}

/** Runs the benchmark with the flags after `selection`: a table on standard output. */
export async function benchSelection(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      peer: { type: 'string' },
      python: { type: 'string', default: 'python3' },
      case: { type: 'string' },
      size: { type: 'string', default: 'full' },
      rounds: { type: 'string', default: '9' },
      backend: { type: 'string' },
      json: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return console.log(HELP);
  const rounds = Number(values.rounds);
  if (!Number.isInteger(rounds) || rounds < 1) {
    throw new RangeError(`--rounds: expected a whole number of at least 1, got ${values.rounds}`);
  }
  if (values.size !== 'full' && values.size !== 'tiny') {
    throw new RangeError(`--size: expected full or tiny, got ${values.size}`);
  }
  if (values.peer !== undefined && values.peer !== 'python') {
    throw new RangeError(`--peer: expected python, got ${values.peer}`);
  }
  const all = selectionCases(values.size);
  const cases = values.case?.split(',').map((name) => caseNamed(all, name)) ?? all;
  // Before the measuring, which takes long: a place that cannot be written is told of now.
  if (values.json) await mkdir(dirname(values.json), { recursive: true });
  const machine = `${cpus()[0]?.model.trim()}, ${cpus().length} cores, node ${process.version}`;
  console.log(`machine   ${machine}`);
  const timings: SelectionTiming[] = [];
  for (const of of cases) {
    // Processes of their own a case, or the most memory of one would be that of all before.
    const ours = await startOurs(values.backend);
    const peer = values.peer === undefined ? undefined : await startPyTorch(values.python);
    try {
      if (timings.length === 0) console.log(header(ours, peer));
      const timing = await measure(of, rounds, ours, peer);
      timings.push(timing);
      console.log(row(timing));
    } finally {
      ours.close();
      peer?.close();
    }
  }
  if (values.json) await writeFile(values.json, `${JSON.stringify({ machine, timings }, null, 2)}\n`);
}

function caseNamed(cases: readonly SelectionCase[], name: string): SelectionCase {
  const found = cases.find((each) => each.name === name);
  if (found === undefined) {
    const known = cases.map((each) => each.name).join(', ');
    throw new RangeError(`--case: expected some of ${known}, got ${name}`);
  }
  return found;
}

/** Both sides load the same files, warm up, and take turns. */
async function measure(
  of: SelectionCase,
  rounds: number,
  ours: Side,
  peer: Side | undefined,
): Promise<SelectionTiming> {
  const dir = await mkdtemp(join(tmpdir(), 'genal-selection-'));
  const sides = peer === undefined ? [ours] : [ours, peer];
  const picked: Picked[][] = sides.map(() => []);
  try {
    const files = await writeCase(of, dir, rootStream(1).of('bench'));
    for (const side of sides) await side.load(of, files);
    for (const side of sides) await side.pick(of, 1);
    for (let round = 1; round <= rounds; round++) {
      for (const [at, side] of sides.entries()) picked[at]?.push(await side.pick(of, round));
    }
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
  const [own, theirs] = picked as [Picked[], Picked[] | undefined];
  const { median: ms, low, high } = quartiles(own.map((each) => each.ms));
  const timing = { case: of, ms, spread: [low, high] as const, peakBytes: peakOf(own) };
  if (theirs === undefined) return timing;
  const ratios = quartiles(own.map((each, round) => each.ms / (theirs[round] as Picked).ms));
  const rows = new Set(theirs.at(-1)?.rows);
  return {
    ...timing,
    peer: {
      ms: quartiles(theirs.map((each) => each.ms)).median,
      ratio: ratios.median,
      spread: [ratios.low, ratios.high],
      peakBytes: peakOf(theirs),
      same: own.at(-1)?.rows.filter((each) => rows.has(each)).length ?? 0,
    },
  };
}

function peakOf(picked: readonly Picked[]): number {
  return Math.max(...picked.map(({ peakBytes }) => peakBytes));
}

function header(ours: Side, peer: Side | undefined): string {
  const names = [`ours      ${ours.name}`, ...(peer === undefined ? [] : [`peer      ${peer.name}`])];
  const columns = ['case', 'ms', 'quartiles', 'peak MB'];
  const beside = peer === undefined ? [] : ['peer ms', 'ratio', 'quartiles', 'peak MB', 'same rows'];
  return `${names.join('\n')}\n\n${line([...columns, ...beside])}`;
}

function row({ case: of, ms, spread, peakBytes, peer }: SelectionTiming): string {
  const ours = [of.name, ms.toFixed(0), range(spread, 0), megabytes(peakBytes)];
  if (peer === undefined) return line(ours);
  const same = of.name === 'badge' ? 'drawn' : `${peer.same} of ${of.batch}`;
  return line([
    ...[...ours, peer.ms.toFixed(0), peer.ratio.toFixed(2), range(peer.spread, 2)],
    ...[megabytes(peer.peakBytes), same],
  ]);
}

function line(cells: readonly string[]): string {
  return cells.map((cell, at) => (at === 0 ? cell.padEnd(10) : cell.padStart(13))).join(' ');
}

function range([low, high]: readonly [number, number], digits: number): string {
  return `${low.toFixed(digits)} - ${high.toFixed(digits)}`;
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(0);
}
