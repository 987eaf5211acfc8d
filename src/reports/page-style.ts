/**
 * The look of the report: system fonts, generous space, light and dark, laptop, phone and paper.
 */
import { themeProperties } from './chart.ts';

/** The style sheet of the page. */
export function pageStyle(): string {
  const properties = themeProperties();
  const light = properties.map(([name, colour]) => `${name}:${colour}`).join(';');
  const dark = properties.map(([name, , colour]) => `${name}:${colour}`).join(';');
  return `:root{color-scheme:light dark;--card:#f4f5f6;--warn:#8a3300;--warn-back:#fdf0e6;${light}}
@media (prefers-color-scheme:dark){:root{--card:#1e2226;--warn:#ffb07a;--warn-back:#33241a;${dark}}}
${RULES}`;
}

const RULES = `
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;scroll-behavior:smooth}
body{margin:0;background:var(--background);color:var(--ink);font:1rem/1.6 system-ui,-apple-system,"Segoe UI",Roboto,Helvetica,Arial,sans-serif}
header,main,footer{max-width:66rem;margin:0 auto;padding:0 1.25rem}
header{padding-top:3rem}
main>section{padding-top:2.75rem}
h1{font-size:1.9rem;line-height:1.2;letter-spacing:-.015em;margin:0 0 .35rem;overflow-wrap:anywhere}
h2{font-size:1.3rem;line-height:1.3;letter-spacing:-.01em;margin:0 0 .75rem}
h3{font-size:1.05rem;line-height:1.35;margin:1.75rem 0 .5rem}
h4{font-size:.95rem;line-height:1.35;margin:0 0 .25rem}
p,ul,dl{margin:0 0 1rem;max-width:44rem}
.meta,.note,figcaption,.small{color:var(--muted);font-size:.9rem;line-height:1.5}
.lead{font-size:1.13rem;line-height:1.55}
.warning{border-left:4px solid var(--warn);background:var(--warn-back);padding:.7rem 1rem;border-radius:0 .3rem .3rem 0;max-width:44rem}
.warning>:last-child{margin-bottom:0}
nav ul{display:flex;flex-wrap:wrap;gap:.2rem 1.1rem;list-style:none;margin:1.1rem 0 0;padding:.7rem 0;border-block:1px solid var(--line);max-width:none;font-size:.92rem}
a{color:inherit;text-decoration-color:var(--muted);text-underline-offset:.2em}
a:focus-visible,summary:focus-visible,.scroll:focus-visible{outline:2px solid var(--series-1);outline-offset:3px;border-radius:2px}
figure{margin:0 0 1.25rem}
figcaption{margin-top:.5rem;max-width:44rem}
svg{display:block;width:100%;height:auto}
.narrow{display:none}
.scroll{overflow-x:auto;margin:0 0 1rem}
table{border-collapse:collapse;font-variant-numeric:tabular-nums;font-size:.93rem;line-height:1.4}
th,td{padding:.45rem .9rem;text-align:right;white-space:nowrap;border-bottom:1px solid var(--line)}
th:first-child,td:first-child{text-align:left;padding-left:0}
thead th{color:var(--muted);font-weight:500;border-bottom-color:var(--muted);vertical-align:bottom}
tbody th{font-weight:600}
td.text,th.text{text-align:left}
td.text{white-space:normal;min-width:10rem}
.failed{color:var(--warn);font-weight:600}
.missing{color:var(--muted)}
.key{display:inline-block;width:.8rem;height:.8rem;margin-right:.5rem;vertical-align:-.06rem}
.charts{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,18.5rem),1fr));gap:1.75rem 2rem;margin:.75rem 0 1.5rem}
.charts figure{margin:0}
.legend{display:flex;flex-wrap:wrap;gap:0 1rem;font-size:.85rem;color:var(--muted);margin:0 0 .5rem;padding:0;list-style:none;max-width:none}
.legend svg{display:inline-block;width:1.6rem;height:.7rem;margin-right:.35rem;vertical-align:0}
details{border-top:1px solid var(--line);padding:.6rem 0}
details:last-of-type{border-bottom:1px solid var(--line);margin-bottom:1.25rem}
summary{cursor:pointer;font-weight:600}
details>:nth-child(2){margin-top:.9rem}
.picture{display:block;border-radius:.3rem;background:#fff;height:auto}
.queries .picture{width:100%;min-width:40rem;max-width:52rem;border:1px solid var(--line)}
.samples{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,14rem),1fr));gap:1.25rem 1.5rem;margin-bottom:1.25rem}
.samples figure{margin:0}
.samples .picture{width:100%;max-width:30rem;image-rendering:pixelated}
.pairs{display:grid;grid-template-columns:repeat(4,1fr);gap:1.1rem 1.5rem;margin:.25rem 0 1.75rem}
.pairs figure{margin:0}
.pairs .picture{max-width:100%;border-radius:.15rem;image-rendering:pixelated}
.pairs figcaption{margin-top:.3rem;line-height:1.35}
.facts{display:grid;grid-template-columns:max-content 1fr;gap:.3rem 1.25rem;max-width:none;font-size:.93rem}
.facts dt{color:var(--muted)}
.facts dd{margin:0;overflow-wrap:anywhere}
.panel{background:var(--card);padding:.9rem 1.1rem;border-radius:.4rem;margin:.9rem 0 1.25rem;max-width:52rem}
.panel p{margin-bottom:.5rem}
.panel .facts{margin:.75rem 0 0;font-size:.88rem}
.confusion th,.confusion td{padding:.3rem .55rem}
pre{margin:.9rem 0;padding:1rem;background:var(--card);border-radius:.4rem;overflow-x:auto;font:.82rem/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}
footer{padding-top:2rem;padding-bottom:4rem}
@media (max-width:40rem){
header{padding-top:1.75rem}
.wide{display:none}.narrow{display:block}
h1{font-size:1.55rem}
.pairs{grid-template-columns:repeat(2,1fr);gap:1.1rem 1rem}
th,td{padding:.45rem .6rem}
th:first-child{position:sticky;left:0;background:var(--background)}
.facts{grid-template-columns:1fr;gap:0}
.facts dd{margin-bottom:.5rem}
}
@media print{nav{display:none}main>section{break-inside:avoid-page}}
`;
