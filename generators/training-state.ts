/**
 * The state of a training as the variables and the optimisers of its model: to save it and to go on from it.
 */
import type { Adam } from '../src/backend/adam.ts';
import type { FloatTensor } from '../src/safetensors.ts';
import type { TrainingState } from './trainable.ts';
import { assignVariables, readVariables, type Variables } from './variables.ts';

/** By name. Moments are saved as `<name>/<moment>`, so no variable's name may begin like that. */
export type Optimisers = Readonly<Record<string, Adam>>;

/** A copy of all variables, moments and counters on the host. */
export async function stateOf(variables: Variables, optimisers: Optimisers): Promise<TrainingState> {
  const tensors: Map<string, FloatTensor> = await readVariables(variables);
  const counters: Record<string, number> = {};
  for (const [name, adam] of Object.entries(optimisers)) {
    const { step, moments } = await adam.state();
    counters[name] = step;
    for (const [moment, values] of Object.entries(moments)) {
      tensors.set(`${name}/${moment}`, { shape: [values.length], values });
    }
  }
  return { tensors, counters };
}

/**
 * Goes on from a state of the same variables and optimisers.
 *
 * @throws RangeError if it is another model's; some variables may have changed then
 */
export function restoreState(
  { tensors, counters }: TrainingState,
  variables: Variables,
  optimisers: Optimisers,
): void {
  const isMoment = (tensor: string) => Object.keys(optimisers).some((name) => tensor.startsWith(`${name}/`));
  assignVariables(variables, new Map([...tensors].filter(([tensor]) => !isMoment(tensor))));
  for (const [name, adam] of Object.entries(optimisers)) {
    const moments = [...tensors].filter(([tensor]) => tensor.startsWith(`${name}/`));
    adam.restore({
      step: counters[name] ?? Number.NaN,
      moments: Object.fromEntries(
        moments.map(([tensor, { values }]) => [tensor.slice(name.length + 1), values]),
      ),
    });
  }
}
