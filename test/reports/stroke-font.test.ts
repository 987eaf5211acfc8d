import sharp from 'sharp';
import { expect, test } from 'vitest';
import { svgToPng } from '../../src/reports/chart.ts';
import { fitText, strokeText, textWidth, wrapText } from '../../src/reports/stroke-font.ts';

const ascii = Array.from({ length: 95 }, (_, i) => String.fromCharCode(32 + i));
const box = strokeText('\u{1F600}', 0, 0, { size: 100, colour: '#000' });
const page = (content: string) =>
  `<svg xmlns="http://www.w3.org/2000/svg" width="200" height="160"><rect width="200" height="160" fill="#fff"/>${content}</svg>`;

test('draws all of printable ASCII, each character its own way', () => {
  const drawn = ascii.map((character) => strokeText(character, 0, 0, { size: 100, colour: '#000' }));
  expect(new Set(drawn).size).toBe(95);
  expect(drawn).not.toContain(box);
});

test('ink stays within the width of its character and between ascender and descender', async () => {
  // All characters in one picture, each in a column of its own, 50 pixels to the em.
  const column = 80;
  const drawn = ascii.map((character, i) =>
    strokeText(character, i * column + 20, 60, { size: 50, colour: '#000' }),
  );
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${95 * column}" height="90">${drawn.join('')}</svg>`;
  const { data, info } = await sharp(Buffer.from(svg))
    .extractChannel('alpha')
    .raw()
    .toBuffer({ resolveWithObject: true });
  const outside = new Set<string>();
  for (let i = 0; i < data.length; i++) {
    if (data[i]! < 60) continue;
    const [x, y] = [i % info.width, Math.floor(i / info.width)];
    const character = ascii[Math.floor(x / column)]!;
    const within = (x % column) - 20;
    if (within < -2 || within > textWidth(character, 50) + 2 || y < 18 || y > 73) outside.add(character);
  }
  expect([...outside]).toEqual([]);
});

test('a word is as wide as its characters', () => {
  expect(textWidth('gaal', 20)).toBeCloseTo(
    [...'gaal'].reduce((sum, character) => sum + textWidth(character, 20), 0),
    9,
  );
  expect(textWidth('gaal', 40)).toBeCloseTo(2 * textWidth('gaal', 20), 9);
});

test('accents are left out rather than the letter, and what is unknown becomes a box', () => {
  const style = { size: 10, colour: '#000' };
  expect(strokeText('é', 0, 0, style)).toBe(strokeText('e', 0, 0, style));
  expect(strokeText('漢', 0, 0, style)).toBe(strokeText('\u{1F600}', 0, 0, style));
});

test('no text element and none of the text itself reaches the markup', () => {
  const drawn = strokeText('<script>&"', 0, 0, { size: 10, colour: '#000' });
  expect(drawn).not.toMatch(/<text|script|&/);
});

test('shortened text fits and keeps its start', () => {
  const short = fitText('a name that is much too long', 16, 90);
  expect(textWidth(short, 16)).toBeLessThanOrEqual(90);
  expect(short).toMatch(/^a name.*…$/);
  expect(fitText('short', 16, 90)).toBe('short');
});

test('wrapped lines fit and hold every word', () => {
  const lines = wrapText('one two three four five six seven', 16, 90);
  expect(lines.join(' ')).toBe('one two three four five six seven');
  expect(lines.length).toBeGreaterThan(1);
  for (const line of lines) expect(textWidth(line, 16)).toBeLessThanOrEqual(90);
  expect(wrapText('', 16, 90)).toEqual([]);
});

test('the words of a chart are drawn as strokes, so that no font is needed', async () => {
  const text = page(
    '<text text-anchor="end" transform="translate(150,80)" font-family="none" font-size="20px" font-weight="bold" fill="#1c2126">a &lt; b</text>',
  );
  const strokes = page(
    `<g transform="translate(150,80)">${strokeText('a < b', 0, 0, { size: 20, colour: '#1c2126', anchor: 'end', bold: true })}</g>`,
  );
  const pixels = async (png: Uint8Array) => new Uint8Array(await sharp(png).raw().toBuffer());
  const drawn = await pixels(await svgToPng(text, 1));
  expect(drawn).toEqual(await pixels(await svgToPng(strokes, 1)));
  expect(drawn.filter((value) => value < 100).length).toBeGreaterThan(100);
});
