/**
 * What a command of the command line is, and how its flags are read and explained.
 */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { type ParseArgsConfig, parseArgs } from 'node:util';
import { BACKEND_NAMES, type BackendName } from '../src/backend/backend-names.ts';
import { ConfigError } from '../src/experiments/config-error.ts';

export interface Flag {
  readonly type: 'string' | 'boolean';
  readonly multiple?: boolean;
  /** What stands for the value in the help, such as `DIR`. */
  readonly value?: string;
  readonly help: string;
}

export interface Command {
  readonly name: string;
  /** Positional arguments as they stand in the usage line. */
  readonly usage: string;
  readonly summary: string;
  /** Longer help below the flags. */
  readonly details?: string;
  readonly flags: Readonly<Record<string, Flag>>;
  /** @returns the exit status */
  readonly run: (args: Arguments) => Promise<number>;
}

/** The words of a call, by flag. */
export class Arguments {
  readonly positionals: readonly string[];
  readonly #values: Readonly<Record<string, unknown>>;

  constructor(positionals: readonly string[], values: Readonly<Record<string, unknown>>) {
    this.positionals = positionals;
    this.#values = values;
  }

  text(flag: string): string | undefined {
    return this.#values[flag] as string | undefined;
  }

  list(flag: string): string[] {
    return (this.#values[flag] as string[] | undefined) ?? [];
  }

  has(flag: string): boolean {
    return this.#values[flag] === true;
  }

  /** A whole number of at least `minimum`; ConfigError naming the flag otherwise. */
  integer(flag: string, minimum: number): number | undefined {
    const text = this.text(flag);
    if (text === undefined) return undefined;
    if (!/^\d+$/.test(text) || Number(text) < minimum) {
      throw new ConfigError(`--${flag}: expected a whole number of at least ${minimum}, got "${text}"`);
    }
    return Number(text);
  }

  /** The backend named by `--backend`; ConfigError if there is none of that name. */
  backend(): BackendName | undefined {
    const text = this.text('backend');
    const known = BACKEND_NAMES.find((name) => name === text);
    if (text !== undefined && known === undefined) {
      throw new ConfigError(`--backend: expected one of ${BACKEND_NAMES.join(', ')}, got "${text}"`);
    }
    return known;
  }

  /** The folder named by `--data`, as an absolute path, or null; ConfigError if there is none. */
  dataDir(): string | null {
    const text = this.text('data');
    if (text === undefined) return null;
    if (!existsSync(text))
      throw new ConfigError(`--data: expected a folder, got "${text}", which does not exist`);
    return resolve(text);
  }

  /** Whole numbers separated by commas. */
  integers(flag: string, minimum: number): number[] | undefined {
    const text = this.text(flag);
    if (text === undefined) return undefined;
    const parts = text.split(',');
    if (!parts.every((part) => /^\d+$/.test(part) && Number(part) >= minimum)) {
      throw new ConfigError(
        `--${flag}: expected whole numbers of at least ${minimum} separated by commas, got "${text}"`,
      );
    }
    return parts.map(Number);
  }

  /** ConfigError if there is a positional argument. */
  none(): void {
    const [first] = this.positionals;
    if (first !== undefined) throw new ConfigError(`expected no argument, got "${first}"; see --help`);
  }

  /** The only positional argument; ConfigError if there is none or more than one. */
  only(what: string): string {
    const [first, ...rest] = this.positionals;
    if (first === undefined) throw new ConfigError(`expected ${what}, got nothing; see --help`);
    if (rest.length > 0)
      throw new ConfigError(`expected only ${what}, got also "${rest.join(' ')}"; see --help`);
    return first;
  }
}

/** The flag of every command that computes. */
export const backendFlag: Flag = {
  type: 'string',
  value: 'NAME',
  help: 'tensorflow, webgpu, wasm or cpu; the best that loads if left out',
};

/** The flag of every command that reads images. */
export const dataFlag: Flag = {
  type: 'string',
  value: 'DIR',
  help: 'Where data sets lie; looked at before $GENAL_DATA and ./data',
};

/** Flags every command takes. */
const common: Readonly<Record<string, Flag>> = {
  help: { type: 'boolean', help: 'Show this help' },
  verbose: { type: 'boolean', help: 'Show the stack of an error' },
};

/** ConfigError for an unknown flag or a flag without its value. */
export function readArguments(command: Command, words: readonly string[]): Arguments {
  const options: NonNullable<ParseArgsConfig['options']> = Object.fromEntries(
    Object.entries({ ...command.flags, ...common }).map(([name, { type, multiple = false }]) => [
      name,
      { type, multiple },
    ]),
  );
  try {
    const { values, positionals } = parseArgs({ args: [...words], options, allowPositionals: true });
    return new Arguments(positionals, values);
  } catch (error) {
    const [sentence] = (error as Error).message.split(/\.\s/);
    throw new ConfigError(`genal ${command.name}: ${sentence}; see genal ${command.name} --help`);
  }
}

export function helpOf(command: Command): string {
  const rows = Object.entries({ ...command.flags, ...common }).map(([name, { value, multiple, help }]) => {
    const left = `--${name}${value === undefined ? '' : ` ${value}`}${multiple === true ? ' ...' : ''}`;
    return `  ${left.padEnd(24)} ${help}`;
  });
  const details = command.details === undefined ? '' : `\n${command.details.trim()}\n`;
  return `${command.summary}\n\nUsage: genal ${command.name} ${command.usage}\n\n${rows.join('\n')}\n${details}`;
}
