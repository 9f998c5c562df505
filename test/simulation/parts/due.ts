import type { World } from '../world.ts'
import type { Command } from './gate/gate-batch.ts'
import type { IntentRow } from './rows.ts'
import type { Tables } from './tables.ts'

/** What Postgres lists as not done, each with the time until which nobody can have forgotten that it was. */
export function dueCommands({ tables, postgres, expiring, scheduler, retentionMs, bugs }: World): Command[] {
  const { epoch } = postgres.read()
  const { orders, due, intents } = tables.state
  const commands: Command[] = []
  const notAfter = bugs.has('drive-any-time') ? Number.POSITIVE_INFINITY : scheduler.now + retentionMs
  for (const [order, { user, status, campaign }] of orders) {
    if (expiring && status === 'accepted') {
      commands.push({ op: 'expire', campaign, user, key: `x:expire:${order}`, hash: 'expire', order, notAfter })
    }
  }
  for (const [cause, { user, closed, campaign }] of due) {
    if (closed) continue
    commands.push({ op: 'credit', campaign, user, key: `x:credit:${cause}`, hash: 'credit', cause, notAfter })
  }
  for (const [cause, intent] of intents) {
    const { op, campaign, delta, closed } = intent
    if (closed || !isTime(tables, intent, epoch)) continue
    commands.push({ op, campaign, user: 'system', key: `x:adj:${cause}`, hash: op, cause, delta, notAfter })
  }
  return commands
}

/** A campaign ends after all that was asked for in it, and is final when nothing is open in it any more. */
function isTime(tables: Tables, { op, campaign }: IntentRow, epoch: number): boolean {
  const { state } = tables
  if (op === 'adjust') return true
  const others = [...state.intents.values()].filter((other) => other.campaign === campaign)
  if (others.some((other) => other.op === 'adjust' && !other.closed)) return false
  if (op === 'end') return true
  const end = [...state.decisions.values()].find(({ type, campaign: of }) => type === 'ended' && of === campaign)
  // what was decided before the end may be journaled after it
  if (!end || (end.epoch === epoch && tables.wholeUpTo(epoch) === undefined)) return false
  const rows = [...state.orders.values(), ...state.due.values()]
  return rows.every((row) => row.campaign !== campaign || row.closed)
}
