/** The figures of a run as Markdown. */
import type { Quartiles } from '../timing.ts';
import { type Bar, exponentsOf } from './bars.ts';
import type { IndexReport, SizeReport } from './measure-size.ts';
import type { Neighbourhood } from './neighbourhood.ts';
import type { PcaReport } from './pca-fit.ts';

/** Real vectors beside as many drawn ones, and every pool. */
export function poolTable(
  check: { readonly real: Neighbourhood; readonly drawn: Neighbourhood },
  sizes: readonly SizeReport[],
): string {
  const row = (name: string, { n, nearest, dimension }: Neighbourhood) => [
    name,
    count(n),
    `${digits(nearest.low)} / ${digits(nearest.median)} / ${digits(nearest.high)}`,
    dimension.toFixed(1),
  ];
  return table(
    ['vectors', 'number', 'distance to the nearest other, quartiles', 'intrinsic dimension'],
    [
      row('real', check.real),
      row('drawn', check.drawn),
      ...sizes.map(({ neighbourhood }) => row('pool', neighbourhood)),
    ],
  );
}

export function indexTable(sizes: readonly SizeReport[]): string {
  const { query } = exponentsOf(sizes);
  return table(
    [
      'index',
      'pool',
      'build',
      'bytes a row: by layout',
      'measured',
      'recall@10',
      'ms a query: of 50',
      'single',
      'exponent',
    ],
    byKind(sizes).map(([n, index], at, all) => {
      const isFirst = all.findIndex(([, { config }]) => config.kind === index.config.kind) === at;
      return [
        index.config.kind,
        count(n),
        duration(index.buildMs),
        (index.bytes.reckoned / n).toFixed(0),
        (index.bytes.measured / n).toFixed(0),
        index.recall.toFixed(3),
        spread(index.batchMs),
        spread(index.singleMs),
        isFirst ? exponent(query[index.config.kind]) : '',
      ];
    }),
  );
}

export function roundTable(sizes: readonly SizeReport[]): string {
  const { round, scoring } = exponentsOf(sizes);
  return table(
    ['round', 'pool', 'ms', 'quartiles', 'of it search', 'features', 'matching', 'exponent'],
    [
      ...byKind(sizes).map(([n, index], at, all) => {
        const isFirst = all.findIndex(([, { config }]) => config.kind === index.config.kind) === at;
        const { totalMs, searchMs, featuresMs, matchMs } = index.round;
        return [
          `ASAL, ${index.config.kind}`,
          count(n),
          digits(totalMs.median),
          range(totalMs),
          digits(searchMs.median),
          digits(featuresMs.median),
          digits(matchMs.median),
          isFirst ? exponent(round[index.config.kind]) : '',
        ];
      }),
      ...sizes.map(({ n, scoringMs }, at) => [
        'scoring the pool',
        count(n),
        scoringMs === null ? '' : digits(scoringMs.median),
        scoringMs === null ? '' : range(scoringMs),
        '',
        '',
        '',
        at === 0 ? exponent(scoring) : '',
      ]),
    ],
  );
}

export function peerTable(sizes: readonly SizeReport[]): string {
  return table(
    [
      'engine',
      'pool',
      'threads',
      'build',
      'ef',
      'recall@10',
      'ms a query: of 50',
      'single',
      'ours',
      'ours / peer: of 50',
      'single',
    ],
    sizes.flatMap(({ n, peers }) =>
      peers.map((peer) => [
        peer.engine,
        count(n),
        String(peer.threads),
        duration(peer.buildMs),
        peer.ef === null ? '' : String(peer.ef),
        peer.recall.toFixed(3),
        spread(peer.batchMs),
        spread(peer.singleMs),
        peer.beside,
        `**${peer.batchRatio.median.toFixed(2)}** (${range(peer.batchRatio)})`,
        peer.singleRatio.median.toFixed(2),
      ]),
    ),
  );
}

export function pcaTable({ images, components, ms, variance, peer }: PcaReport): string {
  const rows = [[`ours, ${components} of ${count(images)} images`, spread(ms), digits(variance), '']];
  if (peer) {
    rows.push(
      [
        'scikit-learn randomized_svd, as many passes',
        spread(peer.svdMs),
        digits(peer.svdVariance),
        spread(peer.svdRatio),
      ],
      [
        "scikit-learn PCA(svd_solver='randomized')",
        spread(peer.fitMs),
        digits(peer.fitVariance),
        spread(peer.fitRatio),
      ],
    );
  }
  return table(['fit of principal components', 'ms', 'variance captured', 'ours / peer'], rows);
}

export function sweepTable(sizes: readonly SizeReport[]): string {
  return table(
    ['index', 'pool', 'setting', 'recall@10', 'ms a query of 50'],
    sizes.flatMap(({ n, sweep }) =>
      sweep.map(({ kind, setting, value, recall, batchMs }) => [
        kind,
        count(n),
        `${setting} ${count(value)}`,
        recall.toFixed(3),
        digits(batchMs),
      ]),
    ),
  );
}

export function barTable(bars: readonly Bar[]): string {
  return table(
    ['bar', 'bound', 'measured', 'met'],
    bars.map(({ what, bound, value, isMet }) => [
      what,
      bound,
      value === null ? '' : digits(value),
      isMet === null ? 'not measured' : isMet ? 'yes' : 'NO',
    ]),
  );
}

/** Sizes of one index below each other. */
function byKind(sizes: readonly SizeReport[]): [number, IndexReport][] {
  const all = sizes.flatMap(({ n, indexes }) => indexes.map((index): [number, IndexReport] => [n, index]));
  const kinds = [...new Set(all.map(([, { config }]) => config.kind))];
  return kinds.flatMap((kind) => all.filter(([, { config }]) => config.kind === kind));
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

function spread(times: Quartiles): string {
  return `${digits(times.median)} (${range(times)})`;
}

function range({ low, high }: Quartiles): string {
  return `${digits(low)} to ${digits(high)}`;
}

function exponent(value: number | null | undefined): string {
  return value == null ? '' : value.toFixed(2);
}

function count(value: number): string {
  return value.toLocaleString('en');
}

function duration(ms: number): string {
  return ms < 1000 ? `${ms.toFixed(0)} ms` : `${digits(ms / 1000)} s`;
}

/** Three digits that count, thousands in full. */
function digits(value: number): string {
  const size = Math.abs(value);
  if (size >= 100) return Math.round(value).toLocaleString('en');
  return value.toFixed(size >= 10 ? 1 : size >= 1 ? 2 : 3);
}
