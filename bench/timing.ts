/** Timing shared by the benchmarks: medians, and how far the middle half lies around them. */

export interface Quartiles {
  readonly low: number;
  readonly median: number;
  readonly high: number;
}

/** The median and the quartiles, by linear interpolation between sorted values. */
export function quartiles(values: readonly number[]): Quartiles {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share: number): number => {
    const place = share * (sorted.length - 1);
    const [below, above] = [sorted[Math.floor(place)], sorted[Math.ceil(place)]] as [number, number];
    return below + (place % 1) * (above - below);
  };
  return { low: at(0.25), median: at(0.5), high: at(0.75) };
}

/** Milliseconds a step, the mean over `steps` in a row; each ends by reading its results from the device. */
export async function timeSteps(step: () => Promise<unknown>, steps: number): Promise<number> {
  const start = performance.now();
  for (let i = 0; i < steps; i++) await step();
  return (performance.now() - start) / steps;
}
