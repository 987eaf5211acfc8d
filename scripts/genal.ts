#!/usr/bin/env node
/**
 * The command line: `genal <command> [arguments]`.
 *
 * Exit status: 0 done; 1 an error, told in one sentence on stderr; 130 interrupted with everything saved; 141 nobody
 * reads the output any more.
 */
import { readFileSync } from 'node:fs';
import { type Command, helpOf, readArguments } from './command.ts';
import { packageFile } from './package-root.ts';
import { SUMMARIES } from './summaries.ts';

/** Loaded when wanted: most bring TensorFlow.js along, which takes a second. */
const commands: Readonly<Record<keyof typeof SUMMARIES, () => Promise<Command>>> = {
  doctor: async () => (await import('./commands/doctor.ts')).doctorCommand,
  backend: async () => (await import('./commands/backend.ts')).backendCommand,
  data: async () => (await import('./commands/data.ts')).dataCommand,
  run: async () => (await import('./commands/run.ts')).runCommand,
  resume: async () => (await import('./commands/resume.ts')).resumeCommand,
  schema: async () => (await import('./commands/schema.ts')).schemaCommand,
  compare: async () => (await import('./commands/compare.ts')).compareCommand,
  train: async () => (await import('./commands/train.ts')).trainCommand,
  judge: async () => (await import('./commands/judge.ts')).judgeCommand,
  evaluate: async () => (await import('./commands/evaluate.ts')).evaluateCommand,
  sample: async () => (await import('./commands/sample.ts')).sampleCommand,
  select: async () => (await import('./commands/select.ts')).selectCommand,
};

async function main(words: readonly string[]): Promise<number> {
  const [name, ...rest] = words;
  if (name === undefined || name === '--help' || name === 'help') {
    console.log(overview());
    return name === undefined ? 1 : 0;
  }
  if (name === '--version') {
    console.log((JSON.parse(readFileSync(packageFile, 'utf8')) as { version: string }).version);
    return 0;
  }
  const load = Object.hasOwn(commands, name) ? commands[name as keyof typeof commands] : undefined;
  if (load === undefined) {
    console.error(`genal: expected one of ${Object.keys(commands).join(', ')}, got "${name}"`);
    return 1;
  }
  const command = await load();
  if (rest.includes('--help')) {
    console.log(helpOf(command));
    return 0;
  }
  return command.run(readArguments(command, rest));
}

function overview(): string {
  const rows = Object.entries(SUMMARIES).map(([name, summary]) => `  ${name.padEnd(8)} ${summary}`);
  return `genal: generative active learning\n\nUsage: genal <command> [arguments]\n\n${rows.join('\n')}\n\ngenal <command> --help explains one.`;
}

// Whoever read the output has seen enough, as with `genal run ... | head`. What is on disk can be resumed.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(141);
});

const words = process.argv.slice(2);
try {
  process.exitCode = await main(words);
} catch (error) {
  const { message, stack } = error instanceof Error ? error : new Error(String(error));
  console.error(words.includes('--verbose') ? stack : message);
  process.exitCode = 1;
}
