/**
 * How a run was made: versions, machine, config.
 */
import { html } from 'hono/html';
import { facts, type Html, type PageSection } from './html.ts';
import { bytes } from './number-format.ts';
import type { RunRecord } from './run-record.ts';

/** Everything the manifest says, and the whole config. */
export function provenanceSection({ config, manifest }: RunRecord): PageSection {
  return {
    id: 'provenance',
    title: 'How it was made',
    body: html`${
      manifest === null
        ? html`<p>The run folder has no manifest.json, so versions and machine are unknown.</p>`
        : facts(flatten(manifest).filter(([term]) => !term.startsWith('oracle')))
    }
<details><summary>Configuration, every default written out</summary><pre tabindex="0">${JSON.stringify(config, null, 2)}</pre></details>`,
  };
}

/** Leaves of an object as `[dotted name, text]`; byte counts in units. */
function flatten(value: object, prefix = ''): [string, Html | string][] {
  return Object.entries(value).flatMap(([key, entry]): [string, string][] => {
    const term = prefix === '' ? words(key) : `${prefix}, ${words(key)}`;
    if (entry === null || entry === undefined) return [];
    if (Array.isArray(entry)) return [[term, entry.join(', ')]];
    if (typeof entry === 'object') return flatten(entry as object, term) as [string, string][];
    if (typeof entry === 'number' && /bytes$/i.test(key))
      return [[term.replace(/ bytes$/, ''), bytes(entry)]];
    return [[term, `${entry}`]];
  });
}

function words(key: string): string {
  return key.replace(/([a-z0-9])([A-Z])/g, '$1 $2').toLowerCase();
}
