/**
 * The data set that a command's flags name.
 */
import { DatasetConfig } from '../src/datasets/config.ts';
import type { Dataset } from '../src/datasets/dataset.ts';
import { dataDirectories, loadDataset } from '../src/datasets/registry.ts';
import { parseJson } from '../src/experiments/config.ts';
import { ConfigError } from '../src/experiments/config-error.ts';
import { type Arguments, dataFlag, type Flag } from './command.ts';
import { parseConfig } from './parse-config.ts';

const names = DatasetConfig.options
  .map((dataset) => dataset.shape.name.value)
  .filter((name) => name !== 'folder');

/** `--dataset`, `--classes` and `--data`. */
export const datasetFlags: Readonly<Record<'dataset' | 'classes' | 'data', Flag>> = {
  dataset: {
    type: 'string',
    value: 'NAME',
    help: `A name (${names.join(', ')}), or the "dataset" of a config as JSON`,
  },
  classes: { type: 'string', value: '5,7', help: 'Only these classes' },
  data: dataFlag,
};

/** Reads the flags; ConfigError if no data set is named or the name is none. */
export function datasetConfig(args: Arguments): DatasetConfig {
  const name = args.text('dataset');
  if (name === undefined) throw new ConfigError('--dataset: expected the name of a data set, got none');
  const classes = args.integers('classes', 0);
  return parseConfig('--dataset', DatasetConfig, {
    ...(name.startsWith('{') ? (parseJson('--dataset', name) as object) : { name }),
    ...(classes === undefined ? {} : { classes }),
  });
}

/** Loads the data set that {@link datasetConfig} read. */
export function datasetOf(args: Arguments, config: DatasetConfig): Promise<Dataset> {
  const flag = args.dataDir();
  return loadDataset(config, { dataDirs: dataDirectories(flag === null ? {} : { flag }) });
}
