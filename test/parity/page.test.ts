/** What docs/parity.md says is compared: that every file it names is there, and every strategy is named. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { StrategyConfig } from '../../src/experiments/strategies/config.ts';

const docs = join(import.meta.dirname, '../../docs');
const page = readFileSync(join(docs, 'parity.md'), 'utf8');
const rows = page
  .split('\n')
  .filter((line) => line.startsWith('| ') && !/^\| (---|strategy|package)/.test(line))
  .map((line) => ({ line, links: [...line.matchAll(/\]\(([^)]+)\)/g)].map(([, to]) => to!) }));

test.each(rows)('$line', ({ links }) => {
  for (const link of links) expect(existsSync(join(docs, link)), link).toBe(true);
  const test = readFileSync(join(docs, links.at(-1)!), 'utf8');
  for (const script of links.filter((link) => link.endsWith('.py'))) {
    const name = script.replace(/^.*\//, '').replace('.py', '');
    // Read by file name, or by the name alone where a function knows the folder.
    expect(test).toMatch(new RegExp(`${name}\\.json|\\('${name}'\\)`));
    expect(existsSync(join(docs, script.replace(/py$/, 'json')))).toBe(true);
  }
});

test('names every strategy', () => {
  const kinds = StrategyConfig.options.map(({ shape }) => shape.kind.value);
  expect(kinds.filter((kind) => !page.includes(`\`${kind}\``))).toEqual([]);
});
