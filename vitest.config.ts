import { defineConfig } from 'vitest/config';

/** What TensorFlow.js prints when its plain-JavaScript engine starts; it recommends another and says no more. */
const banner = 'Hi, looks like you are running TensorFlow.js in Node.js';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // One TensorFlow.js engine a process: files must not share tensors, and native TensorFlow needs forks.
    pool: 'forks',
    globalSetup: 'test/temporary-folder.ts',
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    onConsoleLog: (log) => !log.includes(banner),
  },
});
