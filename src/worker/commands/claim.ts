import type { Pool } from 'pg'
import { requestHash } from '../../record/request-hash.ts'
import { type CommandClaim, claimCommand, keepCommand, releaseCommand } from '../../store/campaigns/commands.ts'
import { type CommandEvent, type CommandResult, rejected } from './event.ts'

function targetOf(data: unknown): string {
  const { order, user } = (typeof data === 'object' && data !== null ? data : {}) as { order?: unknown; user?: unknown }
  const target = order ?? user
  return typeof target === 'string' ? target.slice(0, 64) : ''
}

/**
 * Carries out a command under the id that its source gave it: the same command again has the same effect, another command
 * under the id of one that was carried out is rejected, and a rejected command leaves its id free.
 * @throws what Postgres and the work throw; the id then stays reserved for this command, which is delivered again
 */
export async function underItsId(
  pool: Pool,
  { type, event }: { readonly type: string; readonly event: CommandEvent },
  work: () => Promise<CommandResult>
): Promise<CommandResult> {
  const { source, id, data } = event
  const claim: CommandClaim = { source, id, type, target: targetOf(data), hash: requestHash('COMMAND', type, data) }
  const earlier = await claimCommand(pool, claim)
  if (earlier !== undefined) {
    const what = `${earlier.type}${earlier.target === '' ? '' : ` for ${earlier.target}`}`
    const then = earlier.done ? 'Use another id.' : 'What became of that is not known yet: send this again later.'
    return rejected('KEY_REUSED', `this id was used for another command: ${what}. ${then}`)
  }
  const result = await work()
  await (result.accepted ? keepCommand(pool, claim) : releaseCommand(pool, claim))
  return result
}
