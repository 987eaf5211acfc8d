#!/usr/bin/env node
/**
 * The command line: `genal <command> [arguments]`.
 *
 * Exit status: 0 done; 1 an error, told in one sentence on stderr; 130 interrupted with everything saved; 141 nobody
 * reads the output any more.
 */
import { readFileSync } from 'node:fs';
import { type Command, helpOf, readArguments } from './command.ts';
import { backendCommand } from './commands/backend.ts';
import { dataCommand } from './commands/data.ts';
import { doctorCommand } from './commands/doctor.ts';
import { resumeCommand } from './commands/resume.ts';
import { runCommand } from './commands/run.ts';
import { sampleCommand } from './commands/sample.ts';
import { trainCommand } from './commands/train.ts';
import { packageFile } from './package-root.ts';

const commands: readonly Command[] = [
  doctorCommand,
  backendCommand,
  dataCommand,
  runCommand,
  resumeCommand,
  trainCommand,
  sampleCommand,
];

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
  const command = commands.find((candidate) => candidate.name === name);
  if (command === undefined) {
    console.error(`genal: expected one of ${commands.map((known) => known.name).join(', ')}, got "${name}"`);
    return 1;
  }
  if (rest.includes('--help')) {
    console.log(helpOf(command));
    return 0;
  }
  return command.run(readArguments(command, rest));
}

function overview(): string {
  const rows = commands.map(({ name, summary }) => `  ${name.padEnd(8)} ${summary}`);
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
