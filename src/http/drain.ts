// One process stops as a whole, so its state is one flag; the hot path reads it for the price of a load.
let draining = false

/** True from the moment the process was asked to stop: answers close their connections, /readyz says 503. */
export function isDraining(): boolean {
  return draining
}

/** Marks the process as stopping (true), or as serving again, which only tests need. */
export function setDraining(value: boolean): void {
  draining = value
}
