import { lines, type WorldSpec } from '../world/world.ts'

/** Two gateways, an owner and a worker that stands by, everything behind proxies. */
export const soakWorld: WorldSpec = {
  lines,
  standbys: [''],
  // each opening has a stream of its own, and NATS sets room aside for all of them
  env: { JOURNAL_MAX_BYTES: String(16 * 1024 ** 2) }
}

/** What processes may call people for. */
export const soakAlarms: readonly string[] = ['JOURNAL_LOST', 'EVENTS_GAP']
