/**
 * The page around a report's sections, and the pieces several of them use. All text goes through the template
 * and is escaped there; only the page's own markup, charts and style are put in as they are.
 */
import { html, raw } from 'hono/html';
import { themeVariable } from './chart.ts';
import { pageStyle } from './page-style.ts';
import type { SeriesStyle } from './palette.ts';

/** Markup, escaped already. */
export type Html = ReturnType<typeof html>;

export interface PageSection {
  /** Anchor of the section. */
  readonly id: string;
  /** Its heading, and its name in the contents. */
  readonly title: string;
  readonly body: Html;
}

export interface Page {
  readonly title: string;
  /** One line under the title. */
  readonly subtitle: string;
  readonly warning: Html | null;
  readonly sections: readonly PageSection[];
  readonly footer: Html;
}

/** The whole document, as text; it refers to nothing outside itself. */
export async function renderPage({ title, subtitle, warning, sections, footer }: Page): Promise<string> {
  const document = await html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title} – genal</title>
<link rel="icon" href="data:,">
<style>${raw(pageStyle())}</style>
</head>
<body>
<header>
<h1>${title}</h1>
<p class="meta">${subtitle}</p>
${warning}
<nav aria-label="Contents"><ul>${sections.map(({ id, title: name }) => html`<li><a href="#${id}">${name}</a></li>`)}</ul></nav>
</header>
<main>
${sections.map(
  ({ id, title: name, body }) => html`<section id="${id}" aria-labelledby="${id}-title">
<h2 id="${id}-title">${name}</h2>
${body}
</section>
`,
)}
</main>
<footer class="small">${footer}</footer>
</body>
</html>
`;
  return document.toString();
}

export interface Column {
  readonly title: string;
  /** Words stand left, figures right. */
  readonly text?: boolean;
}

/** A table that scrolls sideways on a narrow screen. The first cell of each row is its heading. */
export function table(
  label: string,
  columns: readonly Column[],
  rows: readonly (readonly (Html | string)[])[],
): Html {
  const alignment = (position: number) => (columns[position]?.text === true ? 'text' : 'figure');
  return html`<div class="scroll" role="region" aria-label="${label}" tabindex="0"><table>
<thead><tr>${columns.map(({ title }, i) => html`<th scope="col" class="${alignment(i)}">${title}</th>`)}</tr></thead>
<tbody>${rows.map(
    (cells) => html`
<tr>${cells.map((cell, i) =>
      i === 0 ? html`<th scope="row">${cell}</th>` : html`<td class="${alignment(i)}">${cell}</td>`,
    )}</tr>`,
  )}
</tbody></table></div>`;
}

/** A strategy's name with its colour and mark, as on the curves. */
export function strategyKey(name: string, style: SeriesStyle | undefined): Html {
  return html`${style === undefined ? '' : raw(markSvg(style))}${name}`;
}

/** Facts as a list of terms. */
export function facts(entries: readonly (readonly [term: string, value: Html | string])[]): Html {
  return html`<dl class="facts">${entries.map(([term, value]) => html`<dt>${term}</dt><dd>${value}</dd>`)}</dl>`;
}

const MARKS: Readonly<Record<SeriesStyle['shape'], string>> = {
  circle: 'M8 3A5 5 0 1 1 8 13A5 5 0 1 1 8 3Z',
  square: 'M3.5 3.5H12.5V12.5H3.5Z',
  'triangle-up': 'M8 2.5L14 13H2Z',
  'triangle-down': 'M8 13.5L2 3H14Z',
  diamond: 'M8 1.5L13.5 8L8 14.5L2.5 8Z',
  cross: 'M6 2H10V6H14V10H10V14H6V10H2V6H6Z',
};

function markSvg({ light, shape }: SeriesStyle): string {
  return `<svg class="key" viewBox="0 0 16 16" aria-hidden="true"><path fill="${themeVariable(light)}" d="${MARKS[shape]}"/></svg>`;
}
