import { describe, expect, test } from 'vitest';
import { rootStream, type Stream } from '../src/random.ts';

/** Pearson's statistic of counts against equal ones: about chi-square with `counts.length - 1` degrees of freedom. */
function chiSquare(counts: readonly number[]): number {
  const expected = counts.reduce((sum, count) => sum + count, 0) / counts.length;
  return counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
}

function draw<T>(count: number, one: () => T): T[] {
  return Array.from({ length: count }, one);
}

// Fixtures from an implementation of ours in Python: state = the first four little-endian words of
// hashlib.sha256(json.dumps(names, separators=(',', ':'))), step = the reference xoroshiro128plus.c (24, 16,
// 37) on 64-bit integers, output = the low 32 bits of s0 + s1.
describe('a stream gives the numbers of the reference algorithm', () => {
  test('bits, for three names', () => {
    const four = (stream: Stream) => draw(4, () => stream.bits());
    expect(four(rootStream(1))).toEqual([3887285800, 2384706402, 3354618728, 3942786973]);
    expect(four(rootStream(1).of('digits', 'train', 3))).toEqual([
      344318850, 453936796, 2135475680, 2167760322,
    ]);
    expect(four(rootStream(2147483647).of('a'))).toEqual([3447380812, 3668713534, 796076925, 1202216621]);
  });

  test('uniforms of 53 bits', () => {
    const stream = rootStream(7).of('uniform');
    expect(draw(3, () => stream.uniform())).toEqual([
      0.07706189460404556, 0.521015501503315, 0.46239229521826997,
    ]);
  });

  test('normals in pairs', () => {
    const stream = rootStream(7).of('normal');
    const expected = [-0.4099457014131591, 0.3683860722059399, -0.27882966984808183, 0.26650607482140826];
    for (const value of expected) expect(stream.normal()).toBeCloseTo(value, 14);
  });

  test('integers, redrawn where the modulo would be biased', () => {
    const stream = rootStream(7).of('integer');
    expect(draw(12, () => stream.integer(10))).toEqual([4, 8, 9, 2, 1, 4, 6, 8, 6, 9, 8, 8]);
    expect(draw(4, () => stream.integer(3_000_000_000))).toEqual([
      1490239654, 1578230252, 2093576020, 1751009792,
    ]);
  });

  test('a permutation', () => {
    expect(rootStream(7).of('shuffle').permutation(10)).toEqual([5, 2, 1, 7, 6, 9, 4, 8, 0, 3]);
  });
});

describe('draws are uniform', () => {
  test('integers fall into all classes alike', () => {
    const stream = rootStream(11).of('integers');
    const counts = new Array<number>(100).fill(0);
    for (let i = 0; i < 100_000; i++) counts[stream.integer(100)]! += 1;
    // Chi-square with 99 degrees of freedom: 0.1 % points 60.3 and 149.4 (scipy.stats.chi2.ppf([.001, .999],
    // 99)).
    expect(chiSquare(counts)).toBeGreaterThan(60.3);
    expect(chiSquare(counts)).toBeLessThan(149.4);
  });

  test('integers below a limit near 2^32 do not favour the low half', () => {
    const stream = rootStream(11).of('large');
    const limit = 3_000_000_000;
    const low = draw(20_000, () => stream.integer(limit)).filter((value) => value < limit / 2).length;
    // Without the redraw it would be 0.715 of them; five standard deviations are 354.
    expect(Math.abs(low - 10_000)).toBeLessThan(354);
  });

  test('all orders of four items are equally likely', () => {
    const stream = rootStream(11).of('orders');
    const counts = new Map<string, number>();
    for (let i = 0; i < 24_000; i++) {
      const order = stream.permutation(4).join('');
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    expect(counts.size).toBe(24);
    // 23 degrees of freedom, 0.1 % points 7.5 and 49.7.
    expect(chiSquare([...counts.values()])).toBeGreaterThan(7.5);
    expect(chiSquare([...counts.values()])).toBeLessThan(49.7);
  });

  test('all pairs of five items are chosen alike', () => {
    const stream = rootStream(11).of('pairs');
    const counts = new Map<string, number>();
    for (let i = 0; i < 10_000; i++) {
      const pair = stream
        .choose([0, 1, 2, 3, 4], 2)
        .sort((a, b) => a - b)
        .join('');
      counts.set(pair, (counts.get(pair) ?? 0) + 1);
    }
    expect(counts.size).toBe(10);
    expect(chiSquare([...counts.values()])).toBeLessThan(27.9); // 9 degrees of freedom, 0.1 %
  });

  test('normals have the moments of a standard normal', () => {
    const values = rootStream(11).of('normals').normals(100_000);
    const moment = (power: number) => values.reduce((sum, value) => sum + value ** power, 0) / values.length;
    // Five standard errors: 5 sqrt(1, 2, 15, 96 / n).
    expect(Math.abs(moment(1))).toBeLessThan(0.016);
    expect(Math.abs(moment(2) - 1)).toBeLessThan(0.023);
    expect(Math.abs(moment(3))).toBeLessThan(0.062);
    expect(Math.abs(moment(4) - 3)).toBeLessThan(0.155);
  });

  test('uniforms are in [0, 1) with mean one half, and float32 ones never round to 1', () => {
    const stream = rootStream(11).of('uniforms');
    const values = stream.uniforms(100_000);
    expect(Math.min(...values.slice(0, 50_000))).toBeGreaterThanOrEqual(0);
    expect(Math.abs(values.reduce((sum, value) => sum + value, 0) / values.length - 0.5)).toBeLessThan(
      0.0046,
    );
    // A stream whose next draw is the largest there is.
    stream.uniform = () => 1 - 2 ** -53;
    expect(Math.fround(1 - 2 ** -53)).toBe(1);
    expect(stream.uniforms(1)[0]).toBeLessThan(1);
  });
});

describe('choosing and shuffling', () => {
  test('choose gives different items that were there', () => {
    const items = draw(50, () => ({}));
    const chosen = rootStream(2).choose(items, 20);
    expect(new Set(chosen).size).toBe(20);
    for (const item of chosen) expect(items).toContain(item);
  });

  test('choose can take none or all, and refuses more', () => {
    const stream = rootStream(2);
    expect(stream.choose([1, 2], 0)).toEqual([]);
    expect(stream.choose([1, 2], 2).sort()).toEqual([1, 2]);
    expect(() => stream.choose([1, 2], 3)).toThrow(
      'Stream.choose.count: expected an integer in [0, 2], got 3',
    );
    expect(() => stream.choose([1, 2], -1)).toThrow(RangeError);
  });

  test('shuffle leaves its argument as it was', () => {
    const items = [1, 2, 3, 4, 5, 6];
    rootStream(2).shuffle(items);
    expect(items).toEqual([1, 2, 3, 4, 5, 6]);
    expect(rootStream(2).permutation(0)).toEqual([]);
  });
});

describe('names', () => {
  test('the same names give the same numbers, and other names others', () => {
    const first = (stream: Stream) => draw(2, () => stream.bits()).join();
    const root = rootStream(5);
    const streams = [
      root,
      rootStream(6),
      root.of('a'),
      root.of('b'),
      root.of('a', 'b'),
      root.of('ab'),
      root.of(1),
      root.of('1'),
      root.of('a,b'),
      root.of('a', 1),
      root.of(''),
    ];
    expect(new Set(streams.map(first)).size).toBe(streams.length);
    expect(first(rootStream(5).of('a').of('b'))).toBe(first(rootStream(5).of('a', 'b')));
  });

  test('a substream does not depend on what was drawn above it, nor the other way', () => {
    const root = rootStream(5);
    const before = root.of('x').bits();
    root.normals(101);
    expect(root.of('x').bits()).toBe(before);
    const untouched = rootStream(5);
    untouched.normals(101);
    expect(root.bits()).toBe(untouched.bits());
  });

  test('streams of neighbouring names are uncorrelated', () => {
    const root = rootStream(5);
    const n = 20_000;
    const [a, b] = [root.of('round', 1).normals(n), root.of('round', 2).normals(n)];
    const correlation = a.reduce((sum, value, row) => sum + value * b[row]!, 0) / n;
    expect(Math.abs(correlation)).toBeLessThan(5 / Math.sqrt(n));
  });

  test('numbers that JSON cannot tell apart are refused', () => {
    expect(() => rootStream(5).of(Number.NaN)).toThrow(
      'Stream.names: expected strings and finite numbers, got NaN',
    );
    expect(() => rootStream(5).of('a', Number.POSITIVE_INFINITY)).toThrow(RangeError);
  });
});

describe('state', () => {
  test('a saved position goes on as if it had never been left, through JSON and in the middle of a pair', () => {
    const stream = rootStream(9).of('saved');
    stream.normals(7); // odd, so half a pair is left over
    const saved = JSON.parse(JSON.stringify(stream.state));
    const expected = [stream.normal(), stream.uniform(), stream.bits(), stream.integer(1000)];
    const resumed = rootStream(1);
    resumed.state = saved;
    expect([resumed.normal(), resumed.uniform(), resumed.bits(), resumed.integer(1000)]).toEqual(expected);
  });

  test('reading the state draws nothing', () => {
    const stream = rootStream(9);
    const { state } = stream;
    expect(stream.state).toEqual(state);
    stream.bits();
    expect(stream.state).not.toEqual(state);
  });
});

describe('seeds', () => {
  test('a seed for a library is never 0 and fits a signed word', () => {
    const stream = rootStream(3);
    for (const seed of draw(10_000, () => stream.seed())) {
      expect(Number.isInteger(seed) && seed >= 1 && seed < 2 ** 31).toBe(true);
    }
    stream.integer = () => 0;
    expect(stream.seed()).toBe(1);
  });

  test.each([0, -1, 1.5, 2 ** 31, Number.NaN])('root seed %s is refused', (seed) => {
    expect(() => rootStream(seed)).toThrow(`rootStream.seed: expected an integer in [1, 2^31), got ${seed}`);
  });

  test.each([0, 2.5, 2 ** 32 + 1])('an integer limit of %s is refused', (limit) => {
    expect(() => rootStream(1).integer(limit)).toThrow(
      `Stream.integer.limit: expected an integer in [1, 2^32], got ${limit}`,
    );
  });
});
