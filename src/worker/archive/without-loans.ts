import type { Pool } from 'pg'
import type { RemoveCommand } from '../../gate/batch/commands.ts'
import type { Lending, Shards } from '../../gate/gate.ts'
import { lookAtAll } from '../../gate/shard/look-at-all.ts'
import { openLoans } from '../../store/campaigns/loans.ts'

interface Parts {
  readonly pool: Pool
  readonly gate: Pick<Lending, 'look'> & Pick<Shards, 'numbers'>
  readonly shard: number
}

/**
 * The command that marks a campaign as gone, for the opening of now: what is on its way between shards would be refused by it. Openings
 * first, loans then, because what was decided before an opening is stored before it. None is begun since the archive was asked for.
 * @returns what it waits for, in words, while a loan is open or a shard does not answer
 */
export async function withoutLoans(
  { pool, gate, shard }: Parts,
  mark: RemoveCommand
): Promise<RemoveCommand | { readonly waitsFor: string }> {
  if (gate.numbers.length === 1) return mark
  const looks = await lookAtAll(gate)
  const opening = looks.get(shard)?.opening
  if (opening === undefined || looks.size < gate.numbers.length) return { waitsFor: 'all shards to answer' }
  const open = await openLoans(pool, mark.campaign)
  return open > 0 ? { waitsFor: `units on their way from one shard to another (${open})` } : { ...mark, opening }
}
