import type { AuditedGate } from '../../campaign/carrying/audited-gate.ts'
import type { Rules } from '../../campaign/definition/rules.ts'
import { prizesOf } from '../../campaign/kinds/prizes.ts'
import type { WinCommand } from '../../gate/batch/commands.ts'
import type { Outcome } from '../../gate/batch/outcomes.ts'
import { replayField } from '../../record/replay.ts'
import { decodeWinChange } from '../../record/reports/win-change.ts'
import type { WinRecord } from '../../record/win.ts'
import { issuedUser } from '../../store/connection/user-name.ts'
import type { FoundWin, WinFinder } from './find-wins.ts'

/** Who revokes, why, and whether the prize goes back into its quota. */
interface Revocation {
  readonly operator: string
  readonly reason: string
  readonly returnQuota: boolean
  /** pool of codes of a prize of this draw, '' if it has none */
  readonly poolOf: (draw: string, prize: string) => string
}

/** Pools of a campaign's prizes, for a revocation. */
export function poolsIn(rules: Rules | undefined): Revocation['poolOf'] {
  return (draw, prize) => {
    const found = rules?.activities.find(({ id }) => id === draw)
    return (found && prizesOf(found).find(({ id }) => id === prize)?.pool) ?? ''
  }
}

/** Whether quota comes back: as asked, else by the campaign's policy. */
export function returnsQuota(rules: Rules | undefined, asked: boolean | undefined): boolean {
  return asked ?? rules?.policies.revokedWinReturnsQuota ?? true
}

/** A win is revoked once, whoever asks and however often: the key is made from the win, and the hash is constant. */
function commandOf({ win, user }: FoundWin, { operator, reason, returnQuota, poolOf }: Revocation): WinCommand {
  return {
    op: 'win',
    change: 'revoke',
    by: 'operator',
    user,
    key: replayField.revocation(win.id),
    hash: 'revoke',
    campaign: win.campaign,
    activity: win.draw,
    win: win.id,
    returnQuota,
    pool: poolOf(win.draw, win.prize),
    request: JSON.stringify({ by: operator, reason, returnQuota })
  }
}

/** The fields of a win for the audit trail. */
function auditedWin({ campaign, draw, prize, status }: WinRecord) {
  return { campaign, draw, prize, status }
}

/** What a revocation took back, and what the user had spent of it before. */
function takenBack(outcome: Outcome) {
  if (!('decision' in outcome)) return {}
  const { shortfall, moves } = decodeWinChange(outcome.decision.report)
  return {
    ...(moves.length > 0 && { takenBack: moves.map(({ unit, delta }) => ({ unit, amount: -delta })) }),
    ...(shortfall.length > 0 && { shortfall })
  }
}

/** Revokes one win. */
export function revokeWin(submit: AuditedGate, found: FoundWin, revocation: Revocation): Promise<Outcome> {
  const { operator, reason, returnQuota } = revocation
  return submit({
    command: commandOf(found, revocation),
    entryOf: (outcome) => ({
      operator,
      action: 'win.revoked',
      target: `win:${found.win.id}`,
      reason,
      before: { user: issuedUser(found.user), ...auditedWin(found.win) },
      after: { status: 'revoked', returnQuota, outcome: outcome.kind, ...takenBack(outcome) }
    })
  })
}

/** The result for a user's wins: `open` are revocations that the gate did not confirm yet, to be repeated. */
export interface RevokedWins {
  readonly revoked: string[]
  readonly open: string[]
}

/**
 * Revokes every win of a user in a campaign, one after the other: the reward of one may have paid for the next.
 * @throws UnavailableError when Redis or Postgres does not answer
 */
export async function revokeWinsOf(
  { wins, submit }: { wins: WinFinder; submit: AuditedGate },
  { user, campaign }: { user: string; campaign: string },
  revocation: Revocation
): Promise<RevokedWins> {
  const result: RevokedWins = { revoked: [], open: [] }
  for (const found of await wins.all(user, campaign)) {
    if (found.win.status === 'revoked' && found.journaled) {
      result.revoked.push(found.win.id)
      continue
    }
    const outcome = await revokeWin(submit, { ...found, user }, revocation)
    const isDone = outcome.kind === 'confirmed' || (outcome.kind === 'refused' && outcome.code === 'VOIDED')
    ;(isDone ? result.revoked : result.open).push(found.win.id)
  }
  return result
}
