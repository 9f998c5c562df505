import { LENT, RECEIVED } from '../../record/decisions.ts'
import type { LoanRequest } from '../../record/loan.ts'
import { replayField } from '../../record/replay.ts'
import { type LoanCommand, SYSTEM_USER } from './commands.ts'

/** A loan of units of an item, and for which opening of the asked shard, until which time of its Redis (ms), a command is meant. */
interface Lending extends Omit<LoanRequest, 'units'> {
  readonly campaign: string
  readonly opening: number
  readonly notAfter: number
}

type Move = Pick<LoanCommand, 'key' | 'type' | 'shard' | 'delta'>

function command(lending: Lending, { delta, ...move }: Move): LoanCommand {
  const { loan, campaign, key, field, from, to, opening, notAfter } = lending
  const units = Math.abs(delta)
  const request: LoanRequest = { loan, key, field, from, to, units }
  const item = { stock: key, field, delta, opening, notAfter }
  const own = { op: 'loan', user: SYSTEM_USER, hash: `${units}`, campaign, activity: '' } as const
  return { ...own, ...move, ...item, request: JSON.stringify(request) }
}

/** Takes units from the shard that lends them: as many as are left of those that are asked for, 0 too. */
export function lend({ asked, ...lending }: Lending & { readonly asked: number }): LoanCommand {
  const move = { key: replayField.lend(lending.loan), type: LENT, shard: lending.from } as const
  return command(lending, { ...move, delta: -asked })
}

/** Gives the shard that asked for them what was lent. */
export function receive({ amount, ...lending }: Lending & { readonly amount: number }): LoanCommand {
  const move = { key: replayField.receipt(lending.loan), type: RECEIVED, shard: lending.to } as const
  return command(lending, { ...move, delta: amount })
}
