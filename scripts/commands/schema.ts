import { z } from 'zod';
import { ExperimentConfig } from '../../src/experiments/config.ts';
import type { Command } from '../command.ts';
import { SUMMARIES } from '../summaries.ts';

export const schemaCommand: Command = {
  name: 'schema',
  usage: '',
  summary: SUMMARIES.schema,
  flags: {},
  run: async (args) => {
    args.none();
    // What a file may say, before defaults are filled in.
    const schema = z.toJSONSchema(ExperimentConfig, { io: 'input' }) as { properties: object };
    const properties = {
      $schema: { type: 'string', description: 'This schema, for editors' },
      ...schema.properties,
    };
    console.log(JSON.stringify({ title: 'An experiment of genal', ...schema, properties }, null, 2));
    return 0;
  },
};
