/**
 * Step sizes that change in the course of a training.
 */
import type { ScheduleConfig } from './training-config.ts';

/**
 * What the step size is multiplied by in a step, in [0, 1] if the factor is: 1 in the first one.
 *
 * @param update of `updates`, counted from 1
 */
export function rateFactor(schedule: ScheduleConfig, update: number, updates: number): number {
  const done = (update - 1) / updates;
  switch (schedule.kind) {
    case 'constant':
      return 1;
    case 'steps':
      return schedule.factor ** schedule.at.filter((share) => done >= share).length;
    case 'cosine':
      return (1 + Math.cos((Math.PI * done) / schedule.period)) / 2;
  }
}
