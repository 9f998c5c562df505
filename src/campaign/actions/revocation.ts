import type { WinCommand } from '../../gate/batch/commands.ts'
import type { Outcome } from '../../gate/batch/outcomes.ts'
import { replayField } from '../../record/replay.ts'
import { decodeWinChange } from '../../record/reports/win-change.ts'
import type { WinRecord } from '../../record/win.ts'
import { issuedUser } from '../../store/connection/user-name.ts'
import type { AuditedCommand } from '../carrying/audited-gate.ts'
import type { Rules } from '../definition/rules.ts'
import { prizesOf } from '../kinds/prizes.ts'

/** A win and its user. */
interface OwnedWin {
  readonly win: WinRecord
  readonly user: string
}

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
function commandOf({ win, user }: OwnedWin, { operator, reason, returnQuota, poolOf }: Revocation): WinCommand {
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

/** The command that revokes a win, and its audit entry. */
export function revocationOf(found: OwnedWin, revocation: Revocation): AuditedCommand {
  const { operator, reason, returnQuota } = revocation
  return {
    command: commandOf(found, revocation),
    entryOf: (outcome) => ({
      operator,
      action: 'win.revoked',
      target: `win:${found.win.id}`,
      reason,
      before: { user: issuedUser(found.user), ...auditedWin(found.win) },
      after: { status: 'revoked', returnQuota, outcome: outcome.kind, ...takenBack(outcome) }
    })
  }
}
