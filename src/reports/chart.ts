/**
 * Vega-Lite specifications to SVG and PNG, in Node and without a canvas.
 */
import sharp from 'sharp';
import * as vega from 'vega';
import { compile, type TopLevelSpec } from 'vega-lite';
import { ALL_STYLES, DARK, LIGHT } from './palette.ts';
import { strokeText } from './stroke-font.ts';

export const FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, Helvetica, Arial, sans-serif";

/** What all charts share: quiet axes, horizontal rules only, the report's font. */
export const CHART_CONFIG = {
  font: FONT,
  background: LIGHT.background,
  view: { stroke: null },
  axis: {
    labelColor: LIGHT.muted,
    titleColor: LIGHT.muted,
    titleFontWeight: 'normal',
    domainColor: LIGHT.muted,
    tickColor: LIGHT.muted,
    gridColor: LIGHT.line,
    labelFontSize: 12,
    titleFontSize: 12,
  },
  axisY: { domain: false, ticks: false, grid: true, labelPadding: 6 },
  axisX: { grid: false },
} as const;

/** Draws a specification as SVG. The same specification gives the same bytes. */
export async function renderSvg(spec: TopLevelSpec): Promise<string> {
  // Left to themselves both write their warnings to the console.
  const logger = vega.logger(vega.Error);
  const parsed = vega.parse(compile(spec, { logger }).spec);
  const view = new vega.View(parsed, { renderer: 'none', logger });
  try {
    return await view.toSVG();
  } finally {
    view.finalize();
  }
}

/**
 * Rasterises an SVG of {@link renderSvg}, its words drawn as strokes because the machine may have no font.
 *
 * @param scale pixels of the picture a pixel of the SVG
 */
export async function svgToPng(svg: string, scale = 2): Promise<Uint8Array> {
  const drawn = await sharp(Buffer.from(strokeAllText(svg)), { density: 72 * scale })
    .flatten({ background: LIGHT.background })
    .png({ compressionLevel: 9 })
    .toBuffer();
  return new Uint8Array(drawn);
}

/**
 * An SVG to stand inside a page: no size of its own beyond its view box, colours replaced by the page's
 * variables so that it follows light and dark, and a text for those who cannot see it.
 */
export function inlineSvg(svg: string, alt: string): string {
  const themed = THEME_VARIABLES.reduce(
    (text, [colour, variable]) => text.replaceAll(`"${colour}"`, `"var(${variable})"`),
    svg,
  );
  const width = /^<svg[^>]*? width="(\d+)/.exec(themed)?.[1] ?? '100';
  return themed.replace(/^<svg([^>]*?)>/, (_, attributes: string) => {
    const kept = attributes.replace(/ (width|height|class|xmlns|xmlns:xlink|version)="[^"]*"/g, '');
    return `<svg${kept} role="img" aria-label="${escapeAttribute(alt)}" style="max-width:${width}px">`;
  });
}

/** The custom properties {@link inlineSvg} refers to, as `[name, light, dark]`. */
export function themeProperties(): (readonly [name: string, light: string, dark: string])[] {
  return THEME_VARIABLES.map(([light, name, dark]) => [name, light, dark] as const);
}

/** The page's variable for a colour of the palette. */
export function themeVariable(colour: string): string {
  const known = THEME_VARIABLES.find(([light]) => light === colour);
  return known === undefined ? colour : `var(${known[1]})`;
}

const THEME_VARIABLES: readonly (readonly [light: string, name: string, dark: string])[] = themeVariables();

function themeVariables(): (readonly [string, string, string])[] {
  const page = (['background', 'ink', 'muted', 'line'] as const).map(
    (role) => [LIGHT[role], `--${role}`, DARK[role]] as const,
  );
  const series = ALL_STYLES.map(
    ({ light, dark }, position) => [light, `--series-${position}`, dark] as const,
  );
  return [...page, ...series];
}

function strokeAllText(svg: string): string {
  return svg.replace(/<text([^>]*)>([^<]*)<\/text>/g, (_, attributes: string, content: string) => {
    const attribute = (name: string) => new RegExp(` ${name}="([^"]*)"`).exec(attributes)?.[1];
    const anchor = attribute('text-anchor');
    const text = unescapeXml(content);
    const strokes = strokeText(text, 0, 0, {
      size: Number.parseFloat(attribute('font-size') ?? '11'),
      colour: attribute('fill') ?? LIGHT.ink,
      anchor: anchor === 'middle' || anchor === 'end' ? anchor : 'start',
      bold: /^(bold|[6-9]00)$/.test(attribute('font-weight') ?? ''),
    });
    return `<g transform="${attribute('transform') ?? ''}" opacity="${attribute('opacity') ?? 1}">${strokes}</g>`;
  });
}

function unescapeXml(text: string): string {
  return text
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&amp;', '&');
}

function escapeAttribute(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;');
}
