/**
 * A small font of single strokes, drawn for this project, so that pictures carry their words with them.
 *
 * Where no font is installed, as in a bare container, an SVG rasteriser leaves out all text without a word.
 * Paths it always draws.
 *
 * Units: 100 to the em, the baseline at 0, y downward; capitals are 70 high, small letters 50.
 */

export interface TextStyle {
  /** Pixels to the em. */
  readonly size: number;
  readonly colour: string;
  readonly anchor?: 'start' | 'middle' | 'end';
  readonly bold?: boolean;
}

/** Advance width and strokes of each character. */
const GLYPHS: Readonly<Record<string, readonly [width: number, strokes: string]>> = {
  ' ': [27, ''],
  '!': [20, 'M10-70V-22M10-1V0'],
  '"': [32, 'M10-70V-54M22-70V-54'],
  '#': [52, 'M19-68L11 0M41-68L33 0M5-47H49M3-23H47'],
  $: [54, 'M47-56Q42-68 27-68Q8-68 8-52Q8-40 27-36Q48-32 48-17Q48-2 27-2Q10-2 5-14M27-78V8'],
  '%': [
    78,
    'M20-70A12 16 0 1 1 20-38A12 16 0 1 1 20-70ZM58-32A12 16 0 1 1 58 0A12 16 0 1 1 58-32ZM60-70L18 0',
  ],
  '&': [62, 'M56 0L17-50Q11-58 15-64Q19-70 26-70Q37-70 37-58Q37-49 22-40Q6-31 7-17Q8 0 25 0Q44 0 53-30'],
  "'": [20, 'M10-70V-54'],
  '(': [28, 'M21-78Q8-58 8-33Q8-8 21 14'],
  ')': [28, 'M7-78Q20-58 20-33Q20-8 7 14'],
  '*': [42, 'M21-70V-44M10-64L32-50M32-64L10-50'],
  '+': [54, 'M27-48V-6M6-27H48'],
  ',': [22, 'M11-2L8 11'],
  '-': [34, 'M6-26H28'],
  '.': [22, 'M11-1V0'],
  '/': [38, 'M4 8L34-76'],
  '0': [54, 'M27-70A20 35 0 1 1 27 0A20 35 0 1 1 27-70Z'],
  '1': [54, 'M14-57L30-70V0'],
  '2': [54, 'M9-53Q10-70 27-70Q45-70 45-52Q45-40 32-27L8 0H47'],
  '3': [54, 'M10-58Q14-70 27-70Q44-70 44-54Q44-38 23-38Q47-38 47-19Q47 0 27 0Q11 0 7-13'],
  '4': [54, 'M38 0V-70L6-20H49'],
  '5': [54, 'M43-70H14L11-38Q17-45 27-45Q47-45 47-23Q47 0 27 0Q12 0 7-12'],
  '6': [54, 'M42-61Q37-70 28-70Q8-70 8-28Q8 0 27.5 0Q47 0 47-22Q47-43 28-43Q10-43 8-24'],
  '7': [54, 'M7-70H47L21 0'],
  '8': [
    54,
    'M27-38Q10-38 10-54Q10-70 27-70Q44-70 44-54Q44-38 27-38Q7-38 7-19Q7 0 27 0Q47 0 47-19Q47-38 27-38Z',
  ],
  '9': [54, 'M12-9Q17 0 26 0Q46 0 46-42Q46-70 26.5-70Q7-70 7-48Q7-27 26-27Q44-27 46-46'],
  ':': [22, 'M11-43V-42M11-1V0'],
  ';': [22, 'M11-43V-42M11-2L8 11'],
  '<': [54, 'M46-48L8-27L46-6'],
  '=': [54, 'M6-37H48M6-17H48'],
  '>': [54, 'M8-48L46-27L8-6'],
  '?': [46, 'M7-56Q9-70 23-70Q40-70 40-55Q40-45 31-38Q23-32 23-20M23-1V0'],
  '@': [
    86,
    'M58-45V-24Q58-14 66-14Q78-14 78-36Q78-72 44-72Q8-72 8-31Q8 10 46 10Q56 10 64 6M58-31A14 16 0 1 0 58-30',
  ],
  A: [58, 'M4 0L29-70L54 0M13-23H45'],
  B: [57, 'M9 0V-70H28A16.5 16.5 0 0 1 28-37H9M28-37H32A18.5 18.5 0 0 1 32 0H9'],
  C: [62, 'M55-55A26 35 0 1 0 55-15'],
  D: [62, 'M9 0V-70H22A33 35 0 0 1 22 0H9'],
  E: [51, 'M45 0H9V-70H45M9-37H39'],
  F: [48, 'M9 0V-70H44M9-36H38'],
  G: [66, 'M55-55A26 35 0 1 0 59-33H38'],
  H: [64, 'M9 0V-70M55 0V-70M9-37H55'],
  I: [20, 'M10 0V-70'],
  J: [43, 'M34-70V-20Q34 0 19 0Q6 0 4-14'],
  K: [57, 'M9 0V-70M51-70L9-28M23-41L53 0'],
  L: [47, 'M9-70V0H44'],
  M: [74, 'M9 0V-70L37-16L65-70V0'],
  N: [65, 'M9 0V-70L56 0V-70'],
  O: [68, 'M34-70A27 35 0 1 1 34 0A27 35 0 1 1 34-70Z'],
  P: [55, 'M9 0V-70H30A19 19 0 0 1 30-32H9'],
  Q: [68, 'M34-70A27 35 0 1 1 34 0A27 35 0 1 1 34-70ZM41-16L61 6'],
  R: [58, 'M9 0V-70H31A18.5 18.5 0 0 1 31-33H9M32-33L53 0'],
  S: [55, 'M48-58Q43-70 28-70Q9-70 9-53Q9-40 28-36Q49-32 49-17Q49 0 28 0Q11 0 6-13'],
  T: [53, 'M4-70H49M26.5-70V0'],
  U: [63, 'M9-70V-25A22.5 25 0 0 0 54-25V-70'],
  V: [57, 'M4-70L28.5 0L53-70'],
  W: [84, 'M4-70L23 0L42-62L61 0L80-70'],
  X: [57, 'M5-70L52 0M52-70L5 0'],
  Y: [55, 'M4-70L27.5-34L51-70M27.5-34V0'],
  Z: [55, 'M7-70H49L7 0H50'],
  '[': [28, 'M21-78H9V14H21'],
  '\\': [38, 'M4-76L34 8'],
  ']': [28, 'M7-78H19V14H7'],
  '^': [46, 'M8-50L23-70L38-50'],
  _: [50, 'M2 12H48'],
  '`': [26, 'M8-72L17-60'],
  a: [52, 'M25-50A17.5 25 0 1 0 25 0A17.5 25 0 1 0 25-50ZM43-50V0'],
  b: [53, 'M9-72V0M27-50A17.5 25 0 1 1 27 0A17.5 25 0 1 1 27-50Z'],
  c: [45, 'M40-41A17.5 25 0 1 0 40-9'],
  d: [52, 'M25-50A17.5 25 0 1 0 25 0A17.5 25 0 1 0 25-50ZM43-72V0'],
  e: [50, 'M7.5-26H42.5A17.5 25 0 1 0 39-9'],
  f: [30, 'M29-71Q14-74 14-56V0M4-50H27'],
  g: [52, 'M25-50A17.5 25 0 1 0 25 0A17.5 25 0 1 0 25-50ZM43-50V3Q43 21 25 21Q14 21 10 14'],
  h: [52, 'M9-72V0M9-30A17 20 0 0 1 43-30V0'],
  i: [20, 'M10-50V0M10-68V-67'],
  j: [24, 'M14-50V6Q14 21 2 20M14-68V-67'],
  k: [47, 'M9-72V0M39-50L9-18M20-29L43 0'],
  l: [20, 'M10-72V0'],
  m: [78, 'M9-50V0M9-32A15 18 0 0 1 39-32V0M39-32A15 18 0 0 1 69-32V0'],
  n: [52, 'M9-50V0M9-30A17 20 0 0 1 43-30V0'],
  o: [52, 'M26-50A18.5 25 0 1 0 26 0A18.5 25 0 1 0 26-50Z'],
  p: [53, 'M9-50V21M27-50A17.5 25 0 1 1 27 0A17.5 25 0 1 1 27-50Z'],
  q: [52, 'M25-50A17.5 25 0 1 0 25 0A17.5 25 0 1 0 25-50ZM43-50V21'],
  r: [33, 'M9-50V0M9-28Q10-50 30-49'],
  s: [43, 'M37-41Q33-50 22-50Q7-50 7-38Q7-29 22-26Q38-23 38-12Q38 0 22 0Q9 0 5-9'],
  t: [31, 'M14-66V-14Q14 1 28-1M4-50H27'],
  u: [52, 'M9-50V-20A17 20 0 0 0 43-20V-50M43-20V0'],
  v: [45, 'M4-50L22.5 0L41-50'],
  w: [68, 'M4-50L19 0L34-44L49 0L64-50'],
  x: [45, 'M5-50L40 0M40-50L5 0'],
  y: [45, 'M4-50L23-2M41-50L20 8Q15 21 5 20'],
  z: [44, 'M6-50H38L6 0H39'],
  '{': [32, 'M25-78Q14-78 14-66V-44Q14-33 5-33Q14-33 14-20V2Q14 14 25 14'],
  '|': [20, 'M10-78V14'],
  '}': [32, 'M7-78Q18-78 18-66V-44Q18-33 27-33Q18-33 18-20V2Q18 14 7 14'],
  '~': [54, 'M7-22Q14-36 27-27T47-32'],
  '°': [32, 'M16-70A8 8 0 1 1 16-54A8 8 0 1 1 16-70Z'],
  '±': [54, 'M27-56V-18M6-37H48M6 0H48'],
  '·': [22, 'M11-27V-26'],
  '×': [54, 'M12-42L42-12M42-42L12-12'],
  '–': [50, 'M4-26H46'],
  '—': [80, 'M4-26H76'],
  '…': [66, 'M11-1V0M33-1V0M55-1V0'],
  '−': [54, 'M6-27H48'],
  '→': [70, 'M6-27H64M46-44L64-27L46-10'],
  '≤': [54, 'M46-54L8-35L46-16M8 0H46'],
  '≥': [54, 'M8-54L46-35L8-16M8 0H46'],
};

/** Drawn for a character the font lacks. */
const UNKNOWN = [54, 'M9 0V-70H45V0Z'] as const;

/** Characters that look enough like one the font has. */
const ALIASES: Readonly<Record<string, string>> = {
  '\u00a0': ' ',
  '\u2009': ' ',
  '\u202f': ' ',
  '\u2010': '-',
  '\u2011': '-',
  '‘': "'",
  '’': "'",
  '“': '"',
  '”': '"',
};

/** Added to every advance; heavier strokes need more air. */
const TRACKING = { regular: 2, bold: 5 } as const;

/** Width of a line of text in pixels. */
export function textWidth(text: string, size: number, bold = false): number {
  const tracking = bold ? TRACKING.bold : TRACKING.regular;
  return (glyphs(text).reduce((sum, [width]) => sum + width + tracking, 0) * size) / 100;
}

/** The text, or as much of its start as fits into `width` pixels with an ellipsis. */
export function fitText(text: string, size: number, width: number, bold = false): string {
  if (textWidth(text, size, bold) <= width) return text;
  const characters = [...text];
  while (characters.length > 0 && textWidth(`${characters.join('').trimEnd()}…`, size, bold) > width) {
    characters.pop();
  }
  return `${characters.join('').trimEnd()}…`;
}

/** The text in lines no wider than `width` pixels, broken at spaces; a word that is wider is shortened. */
export function wrapText(text: string, size: number, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(/\s+/).filter((part) => part !== '')) {
    const last = lines.at(-1);
    const longer = `${last} ${word}`;
    if (last !== undefined && textWidth(longer, size) <= width) lines[lines.length - 1] = longer;
    else lines.push(fitText(word, size, width));
  }
  return lines;
}

/**
 * An SVG element that draws one line of text as strokes.
 *
 * @param x pixels; where the line starts, has its middle or ends, as `anchor` says
 * @param y pixels; the baseline
 */
export function strokeText(
  text: string,
  x: number,
  y: number,
  { size, colour, anchor = 'start', bold = false }: TextStyle,
): string {
  const width = textWidth(text, size, bold);
  const start = anchor === 'start' ? x : anchor === 'middle' ? x - width / 2 : x - width;
  let pen = 0;
  const paths = glyphs(text).map(([advance, strokes]) => {
    const path = strokes === '' ? '' : `<path transform="translate(${pen})" d="${strokes}"/>`;
    pen += advance + (bold ? TRACKING.bold : TRACKING.regular);
    return path;
  });
  return [
    `<g transform="translate(${round(start)} ${round(y)}) scale(${round(size / 100)})" fill="none"`,
    ` stroke="${colour}" stroke-width="${bold ? 12.5 : 8.5}" stroke-linecap="round" stroke-linejoin="round">`,
    ...paths,
    '</g>',
  ].join('');
}

function glyphs(text: string): (readonly [number, string])[] {
  return [...text.normalize('NFC')].map((character) => {
    const plain = character.normalize('NFKD').replace(/\p{Mark}/gu, '');
    const known = GLYPHS[character] ?? GLYPHS[ALIASES[character] ?? ''] ?? GLYPHS[plain];
    return known ?? UNKNOWN;
  });
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}
