import { expect, test } from 'vitest';
import { GaalConfig } from '../../src/queries/config.ts';
import { SEARCH_DEFAULTS } from '../../src/queries/latent-search.ts';

test('an empty config is the defaults of the search itself', () => {
  expect(GaalConfig.parse({})).toEqual({ ...SEARCH_DEFAULTS, tolerance: 0.05 });
});

test('every option says what it is and what it is by default', () => {
  for (const [name, option] of Object.entries(GaalConfig.shape)) {
    expect(option.description, name).toMatch(/Default: /);
  }
});

test('refuses what does not exist or lies out of range', () => {
  const bad = [
    { steps: 0 },
    { restarts: 1.5 },
    { learningRate: -1 },
    { objective: 'margin' },
    { prior: 'cube' },
    { priorWidth: -1 },
    { diversityWeight: -1 },
    { tolerance: 0 },
    { step: 3 },
  ];
  for (const options of bad)
    expect(GaalConfig.safeParse(options).success, JSON.stringify(options)).toBe(false);
});
