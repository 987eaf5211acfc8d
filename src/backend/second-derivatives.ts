/** Placeholder of the repair; filled in next. */
export function repairSecondDerivatives(): void {}
