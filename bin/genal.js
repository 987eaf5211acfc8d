#!/usr/bin/env node
// The command, from source in a checkout and compiled in the package, which ships no sources.
import { existsSync } from 'node:fs';

const source = new URL('../scripts/genal.ts', import.meta.url);
if (existsSync(source)) {
  const { register } = await import('tsx/esm/api');
  register();
  await import(source.href);
} else {
  await import('../dist/scripts/genal.js');
}
