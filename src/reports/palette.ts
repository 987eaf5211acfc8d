/**
 * Colours and marks that stay with a strategy through every chart and table.
 *
 * Told apart without red against green, by lightness as well as hue, and never by colour alone: each has a
 * point shape and its name beside the curve. Every colour has a contrast of at least 4.5 to its background,
 * so it can carry text.
 */

export interface SeriesStyle {
  /** On a light background. */
  readonly light: string;
  /** On a dark background. */
  readonly dark: string;
  readonly shape: 'circle' | 'square' | 'triangle-up' | 'diamond' | 'triangle-down' | 'cross';
}

export interface Theme {
  readonly background: string;
  readonly ink: string;
  readonly muted: string;
  readonly line: string;
}

export const LIGHT: Theme = { background: '#fdfdfc', ink: '#1c2126', muted: '#59626c', line: '#dfe3e7' };
export const DARK: Theme = { background: '#15181b', ink: '#e7e9eb', muted: '#a3acb6', line: '#343a41' };

const BASELINE: SeriesStyle = { light: '#5f6872', dark: '#a9b2bc', shape: 'circle' };

const SERIES: readonly SeriesStyle[] = [
  { light: '#0067b1', dark: '#5eb3f6', shape: 'square' },
  { light: '#b84a00', dark: '#ff9252', shape: 'triangle-up' },
  { light: '#00735c', dark: '#3fcba4', shape: 'diamond' },
  { light: '#96387f', dark: '#e79bd3', shape: 'triangle-down' },
  { light: '#5c4a00', dark: '#e3c443', shape: 'cross' },
  { light: '#4b3fa8', dark: '#cfcaff', shape: 'square' },
  { light: '#8f2433', dark: '#f58a95', shape: 'diamond' },
];

/** Every style there is, the baseline's first. */
export const ALL_STYLES: readonly SeriesStyle[] = [BASELINE, ...SERIES];

/**
 * A style for each strategy, in their order. Random sampling is the grey baseline wherever it stands; past
 * seven others the styles repeat.
 */
export function seriesStyles(
  strategies: readonly { readonly name: string; readonly kind: string }[],
): ReadonlyMap<string, SeriesStyle> {
  const styles = new Map<string, SeriesStyle>();
  let next = 0;
  let baselineTaken = false;
  for (const { name, kind } of strategies) {
    if (kind === 'random' && !baselineTaken) {
      baselineTaken = true;
      styles.set(name, BASELINE);
    } else {
      styles.set(name, SERIES[next++ % SERIES.length] as SeriesStyle);
    }
  }
  return styles;
}
