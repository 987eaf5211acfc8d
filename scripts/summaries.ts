/**
 * What each command does, in a line. Apart from the commands, so that the overview need not load TensorFlow.js.
 */
export const SUMMARIES = {
  doctor: 'Says which backend is used and why, how fast it is, and which data sets are found',
  backend: 'Builds native TensorFlow for this machine, several times as fast as WebAssembly',
  data: 'Lists the data sets that are found, or downloads one',
  run: 'Runs an experiment into a folder, report included',
  resume: 'Goes on with an unfinished run; the result is the same to the byte',
  schema: 'Prints the JSON Schema of an experiment: every key, what it means, its default',
  compare: 'Puts the strategies of one or several runs side by side, with paired tests',
  train: 'Trains a generator on the training images of a data set',
  judge: 'Trains the classifier in whose features generators are compared',
  evaluate: 'Measures a trained generator and shows its images',
  sample: 'Draws images from a trained generator',
  select: 'Picks rows to label from arrays of any framework',
} as const;
