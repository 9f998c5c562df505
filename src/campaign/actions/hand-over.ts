import { replayField } from '../../record/replay.ts'
import type { WinRecord } from '../../record/win.ts'
import { issuedUser } from '../../store/connection/user-name.ts'
import type { AuditedCommand } from '../carrying/audited-gate.ts'

/** The command that lets a claimed win be handed over, and its audit entry. @param by.key of the operator's request */
export function approvalOf(
  { win, user }: { readonly win: WinRecord; readonly user: string },
  { operator, reason, key }: { readonly operator: string; readonly reason: string; readonly key: string }
): AuditedCommand {
  const { id, campaign, draw, prize, status } = win
  return {
    command: {
      op: 'fulfil',
      user,
      key: replayField.operator(operator, key),
      hash: `approve ${id}`,
      campaign,
      activity: draw,
      win: id,
      state: 'approved',
      request: JSON.stringify({ state: 'approved', by: operator, ...(reason !== '' && { reason }) })
    },
    entryOf: (outcome) => ({
      operator,
      action: 'win.approved',
      target: `win:${id}`,
      reason,
      before: { user: issuedUser(user), campaign, draw, prize, status },
      after: { state: 'approved', outcome: outcome.kind }
    })
  }
}
