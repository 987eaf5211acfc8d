/**
 * The preset of a costly, faulty oracle, whole and killed: costs, endings and a stream survive a kill to the byte.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { RoundRecord } from '../../src/acquisition/round-record.ts';
import { genal, start } from '../scripts/command-line.ts';

const folder = mkdtempSync(join(tmpdir(), 'genal-oracle-'));
const whole = join(folder, 'whole');
afterAll(() => rmSync(folder, { recursive: true }));

function recordsOf(run: string): Record<string, string> {
  const files = readdirSync(run, { recursive: true, encoding: 'utf8' })
    .filter((file) => /rounds\.jsonl$/.test(file))
    .sort();
  expect(files).toHaveLength(2);
  return Object.fromEntries(files.map((file) => [file, readFileSync(join(run, file), 'utf8')]));
}

beforeAll(async () => {
  const { status, stderr } = await genal('run', 'oracle-smoke', '--backend', 'wasm', '--out', whole);
  expect(stderr).toBe('');
  expect(status).toBe(0);
}, 120_000);

test('every cell pays up to the budget and ends there, or where its predictions had settled', () => {
  for (const text of Object.values(recordsOf(whole))) {
    const records = text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as RoundRecord);
    const last = records.at(-1)!;
    expect(['budget', 'kappa']).toContain(last.ended);
    expect(last.cost).toBeLessThanOrEqual(56);
    expect(last.cost).toBeGreaterThan(last.labelsCharged);
    expect(records.every(({ stopping, answers }) => stopping?.length === 3 || answers.length === 0)).toBe(
      true,
    );
  }
  const page = readFileSync(join(whole, 'report', 'index.html'), 'utf8');
  expect(page).toContain('When it ended');
  expect(page).toContain('cost paid');
});

test('killed in the middle and resumed leaves the same bytes', { timeout: 120_000 }, async () => {
  const run = join(folder, 'killed');
  const { child, ended } = start(['run', 'oracle-smoke', '--backend', 'wasm', '--out', run]);
  let seen = 0;
  child.stdout?.on('data', (chunk: Buffer) => {
    seen += chunk.toString().split('\n').length - 1;
    if (seen >= 8 && child.exitCode === null) process.kill(-(child.pid as number), 'SIGKILL');
  });
  expect((await ended).status).toBeNull();
  expect(Object.values(recordsOf(run))).not.toEqual(Object.values(recordsOf(whole)));
  const { status, stderr } = await genal('resume', run);
  expect(stderr).toBe('');
  expect(status).toBe(0);
  expect(recordsOf(run)).toEqual(recordsOf(whole));
});
