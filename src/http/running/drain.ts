/**
 * How far this process is in stopping. `leaving`: /readyz says 503, all else goes on. `closing`: no new connections, and
 * each answer closes its connection.
 */
type DrainPhase = 'serving' | 'leaving' | 'closing'

// One process stops as a whole, so its state is one variable; reading it costs the hot path one memory load.
let phase: DrainPhase = 'serving'

/** True from the moment the process was asked to stop. */
export function isDraining(): boolean {
  return phase !== 'serving'
}

/** True once answers have to close their connections. */
export function closesConnections(): boolean {
  return phase === 'closing'
}

/** Enters a phase; only tests go back to an earlier one. */
export function setDrainPhase(next: DrainPhase): void {
  phase = next
}
