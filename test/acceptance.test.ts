/**
 * The seventeen things that docs/acceptance.md says hold: that the tests it names for each are there, by file and name.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const root = join(import.meta.dirname, '..');

interface Promised {
  readonly number: number;
  readonly sentence: string;
  readonly tests: readonly { readonly file: string; readonly name: string }[];
}

const table: Promised[] = readFileSync(join(root, 'docs/acceptance.md'), 'utf8')
  .split('\n')
  .flatMap((line) => {
    const [, number, sentence, tests] = /^\| (\d+) \| (.+?) \| (.+) \|$/.exec(line) ?? [];
    if (number === undefined || sentence === undefined || tests === undefined) return [];
    const named = [...tests.matchAll(/\[([^\]]+)\]\(\.\.\/\1\): "([^"]+)"/g)];
    expect(named).toHaveLength(tests.split('<br>').length);
    return [
      { number: Number(number), sentence, tests: named.map(([, file = '', name = '']) => ({ file, name })) },
    ];
  });

test('the table has the numbers 1 to 17', () => {
  expect(table.map(({ number }) => number)).toEqual(Array.from({ length: 17 }, (_, at) => at + 1));
});

test.each(table)('$number. $sentence', ({ tests }) => {
  for (const { file, name } of tests) {
    expect(existsSync(join(root, file)), file).toBe(true);
    expect(titlesIn(readFileSync(join(root, file), 'utf8')), file).toContain(name);
  }
});

/** Titles of the tests of a file that run: those of `test.skip` and `test.todo` are none. */
function titlesIn(code: string): string[] {
  const calls =
    /^ *test(?:\.each\([\s\S]*?\)|\.each<[\s\S]*?\)|\.skipIf\(\w+\))?\(\s*(?:'((?:[^'\\]|\\.)*)'|"([^"]*)")/gm;
  return [...code.matchAll(calls)].map(([, single, double]) => single ?? double ?? '');
}
