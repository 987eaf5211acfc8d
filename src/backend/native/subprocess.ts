/**
 * Running other programs: their output is kept, and an interrupt ends them with everything they started.
 */
import { spawn } from 'node:child_process';

/** A program that could not be started or did not end well. */
export class ProgramError extends Error {
  /** Whether there is no such program. */
  readonly missing: boolean;
  /** Everything it printed on stdout and stderr. */
  readonly output: string;

  constructor(program: string, missing: boolean, output: string, how: string) {
    const told = lastLine(output);
    super(`${program} ${how}${told === '' ? '' : `: ${told}`}`);
    this.missing = missing;
    this.output = output;
  }
}

export interface RunOptions {
  readonly cwd?: string;
  /** Added to the process's own environment. */
  readonly env?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
  /** What the program prints on stdout and stderr, as it comes. */
  readonly onOutput?: (text: string) => void;
}

/** How long an interrupted program may take to end. */
const graceMs = 3000;

/**
 * Runs a program to its end.
 *
 * @returns what it printed on stdout
 * @throws ProgramError if it cannot be started or ends with another status than 0
 * @throws the signal's reason after an interrupt, once the program and those it started are gone
 */
export function runProgram(
  program: string,
  args: readonly string[],
  { cwd, env, signal, onOutput }: RunOptions = {},
): Promise<string> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    // A group of its own: only so can those it starts, such as the compiler proper below g++, be ended with it.
    const child = spawn(program, args, {
      ...(cwd === undefined ? {} : { cwd }),
      env: { ...process.env, ...env },
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let stdout = '';
    let output = '';
    const take = (text: string) => {
      output += text;
      onOutput?.(text);
    };
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
      take(text);
    });
    child.stderr.setEncoding('utf8').on('data', take);
    const end = () => {
      endGroup(child.pid, 'SIGTERM');
      setTimeout(() => endGroup(child.pid, 'SIGKILL'), graceMs).unref();
    };
    signal?.addEventListener('abort', end, { once: true });
    child.on('error', (error: NodeJS.ErrnoException) => {
      signal?.removeEventListener('abort', end);
      const missing = error.code === 'ENOENT';
      reject(new ProgramError(program, missing, output, missing ? 'cannot be found' : error.message));
    });
    child.on('close', (status, killedBy) => {
      signal?.removeEventListener('abort', end);
      if (signal?.aborted === true) reject(signal.reason);
      else if (status === 0) resolve(stdout);
      else {
        const how = killedBy === null ? `ended with status ${status}` : `was ended by ${killedBy}`;
        reject(new ProgramError(program, false, output, how));
      }
    });
  });
}

/** The last line that says something. */
export function lastLine(text: string): string {
  return (
    text
      .split(/[\r\n]+/)
      .map((line) => line.trim())
      .findLast((line) => line !== '') ?? ''
  );
}

function endGroup(pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // Gone already.
  }
}
