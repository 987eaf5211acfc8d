import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import sharp from 'sharp';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { inlineSvg, renderSvg } from '../../src/reports/chart.ts';
import { writeLearningCurve } from '../../src/reports/curve-files.ts';
import { curveDescription, learningCurveSpec } from '../../src/reports/curves.ts';
import { ALL_STYLES, DARK, LIGHT, seriesStyles } from '../../src/reports/palette.ts';
import type { Results } from '../../src/reports/results.ts';
import { resultsFixture, strategyFixture } from './results-fixture.ts';

const results = resultsFixture([
  strategyFixture('random', 'random', [
    [0.95, 0.96, 0.94],
    [0.96, 0.97, 0.955],
    [0.97, 0.975, 0.965],
  ]),
  strategyFixture('gaal <b>', 'gaal', [
    [0.95, 0.96, 0.94],
    [0.94, 0.96, 0.95],
    [0.97, 0.976, 0.966],
  ]),
]);

interface Spec {
  data: { values: { strategy: string; round: number; mean: number; low: number; bandLow: number }[] };
  layer: {
    data?: { values: { labelAt: number; labelsCharged: number }[] };
    encoding: { y: { scale: { domain: [number, number] } } };
  }[];
}
const spec = (of: Results) => learningCurveSpec(of) as unknown as Spec;

afterEach(() => {
  vi.restoreAllMocks();
});

describe('the learning curve', () => {
  test('holds our means and intervals, in percent', () => {
    const { values } = spec(results).data;
    expect(values).toHaveLength(6);
    expect(values[0]!.mean).toBeCloseTo(95, 9);
    // t(0.975, 2) = 4.302653: 95 - 4.302653 * 1 / sqrt(3)
    expect(values[0]!.low).toBeCloseTo(95 - 4.302653 / Math.sqrt(3), 5);
  });

  test('starts every strategy from the same point', () => {
    const starts = spec(results).data.values.filter(({ round }) => round === 0);
    expect(new Set(starts.map(({ mean }) => mean)).size).toBe(1);
  });

  test('its axis fits the curves: not from 0, never past 100, and no interval drawn outside', () => {
    const { data, layer } = spec(results);
    const [low, high] = layer[0]!.encoding.y.scale.domain;
    expect(low).toBeGreaterThan(90);
    expect(high).toBeLessThanOrEqual(100);
    for (const { bandLow } of data.values) expect(bandLow).toBeGreaterThanOrEqual(low);
  });

  test('names that would overlap are moved apart, in the order of their curves', () => {
    const { layer } = spec(results);
    const [low, high] = layer[0]!.encoding.y.scale.domain;
    const [first, second] = layer.at(-1)!.data!.values;
    const pixels = ((second!.labelAt - first!.labelAt) / (high - low)) * (440 - 86 - 46);
    expect(pixels).toBeGreaterThanOrEqual(16.9);
  });

  test('draws the same bytes twice, without a random number', async () => {
    vi.spyOn(Math, 'random').mockImplementation(() => {
      throw new Error('Math.random was called');
    });
    const first = await renderSvg(learningCurveSpec(results));
    expect(await renderSvg(learningCurveSpec(results))).toBe(first);
    expect(first).toContain('gaal &lt;b&gt;');
  });

  test('writes a picture of twice the size, its words in it, with the SVG and the specification', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'genal-curve-'));
    try {
      await writeLearningCurve(path.join(folder, 'new'), results);
      const file = (ending: string) => path.join(folder, 'new', `learning-curve.${ending}`);
      expect(await sharp(file('png')).metadata()).toMatchObject({ width: 1520, height: 880 });
      expect(JSON.parse(readFileSync(file('vl.json'), 'utf8')).$schema).toMatch(/vega-lite/);
      expect(readFileSync(file('svg'), 'utf8')).toMatch(/^<svg/);
      // The title, which no curve crosses.
      const { data } = await sharp(file('png'))
        .extract({ left: 10, top: 20, width: 800, height: 50 })
        .greyscale()
        .raw()
        .toBuffer({ resolveWithObject: true });
      expect(data.filter((value) => value < 100).length).toBeGreaterThan(1000);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test('what Vega would say on the console stays unsaid', async () => {
    const warned = vi.spyOn(console, 'warn');
    const odd = {
      data: { values: [{ a: 1 }] },
      mark: 'bar',
      encoding: { shape: { field: 'a', type: 'nominal' } },
    };
    await renderSvg(odd as Parameters<typeof renderSvg>[0]);
    expect(warned).not.toHaveBeenCalled();
  });

  test('says what it shows in words', () => {
    expect(curveDescription(results)).toBe(
      'Learning curves of test accuracy against labels paid for: random from 95.0 % at 50 to 97.0 % at 70 labels; gaal <b> from 95.0 % at 50 to 97.1 % at 70 labels.',
    );
  });

  test('draws a run without any round, and one with a single seed', async () => {
    const empty = { ...results, strategies: results.strategies.map((one) => ({ ...one, curve: [] })) };
    expect(await renderSvg(learningCurveSpec(empty))).toMatch(/^<svg/);

    const single = {
      ...results,
      strategies: [strategyFixture('random', 'random', [[0.9], [0.92]])],
    };
    const svg = await renderSvg(learningCurveSpec(single));
    expect(svg).toContain('one seed, so no interval');
    expect(svg).not.toMatch(/NaN|undefined/);
  });
});

describe('an SVG inside a page', () => {
  test('follows the theme, keeps no size, and has words for those who cannot see it', async () => {
    const svg = inlineSvg(await renderSvg(learningCurveSpec(results)), 'a "curve" & <more>');
    expect(svg).toMatch(/^<svg [^>]*role="img" aria-label="a &quot;curve&quot; &amp; &lt;more>"/);
    expect(svg).not.toMatch(/^<svg[^>]* (width|height|xmlns)=/);
    expect(svg).toContain('var(--ink)');
    for (const colour of [LIGHT.ink, LIGHT.muted, ALL_STYLES[0]!.light])
      expect(svg).not.toContain(`"${colour}"`);
  });
});

describe('the palette', () => {
  const luminance = (hex: string) => {
    const [red, green, blue] = [1, 3, 5].map((at) => {
      const value = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
      return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red! + 0.7152 * green! + 0.0722 * blue!;
  };
  const contrast = (a: string, b: string) => {
    const [light, dark] = [luminance(a), luminance(b)].sort((x, y) => y - x);
    return (light! + 0.05) / (dark! + 0.05);
  };

  test('every colour that carries text has a contrast of 4.5 to its background', () => {
    for (const { light, dark } of ALL_STYLES) {
      expect(contrast(light, LIGHT.background), light).toBeGreaterThan(4.5);
      expect(contrast(dark, DARK.background), dark).toBeGreaterThan(4.5);
    }
    for (const theme of [LIGHT, DARK]) {
      expect(contrast(theme.ink, theme.background)).toBeGreaterThan(7);
      expect(contrast(theme.muted, theme.background)).toBeGreaterThan(4.5);
    }
  });

  test('random sampling is the baseline wherever it stands, and neighbours differ', () => {
    const styles = seriesStyles([
      { name: 'gaal', kind: 'gaal' },
      { name: 'chance', kind: 'random' },
      { name: 'uncertainty', kind: 'uncertainty' },
    ]);
    expect(styles.get('chance')).toBe(ALL_STYLES[0]);
    expect(new Set([...styles.values()]).size).toBe(3);
  });
});
