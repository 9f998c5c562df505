import { lines, type WorldSpec } from '../world/world.ts'

/** Two gateways, an owner and a worker that stands by, everything behind proxies. */
export const soakWorld: WorldSpec = {
  lines,
  standbys: [''],
  // room for the events of a whole round
  env: { JOURNAL_MAX_BYTES: String(64 * 1024 ** 2) }
}

/** What processes may call people for. A gateway that stands still for longer than Postgres lets a transaction wait audits later. */
export const soakAlarms: readonly string[] = ['JOURNAL_LOST', 'EVENTS_GAP', 'UNAUDITED']
