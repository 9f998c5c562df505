import { isoTime } from '../../base/iso-time.ts'
import type { AdjustCommand } from '../../gate/batch/commands.ts'
import { replayField } from '../../record/replay.ts'
import { issuedUser } from '../../store/connection/user-name.ts'
import type { StoredAssist } from '../../store/shares/assists.ts'
import type { StoredShare } from '../../store/shares/shares.ts'
import type { AuditedCommand } from '../carrying/audited-gate.ts'

/** Who voids something, and why. */
interface Voiding {
  readonly operator: string
  readonly reason: string | undefined
}

interface Voided {
  readonly id: string
  readonly user: string
  readonly campaign: string
  readonly activity: string
  readonly type: 'share.voided' | 'assist.voided'
  /** what the event tells */
  readonly names: Record<string, string>
}

/** A decision of the user that it was of, under a key of its own: it is voided once, whoever asks. The follower draws the consequences. */
function voiding({ id, user, campaign, activity, type, names }: Voided, { operator, reason }: Voiding): AuditedCommand {
  const command: AdjustCommand = {
    op: 'adjust',
    type,
    user,
    key: replayField.voiding(id),
    hash: 'void',
    campaign,
    activity,
    puts: [],
    adds: [],
    request: JSON.stringify({ ...names, by: operator, ...(reason !== undefined && { reason }) })
  }
  return {
    command,
    entryOf: (outcome) => ({
      operator,
      action: type,
      target: `${type.slice(0, type.indexOf('.'))}:${id}`,
      reason,
      before: { user: issuedUser(user), ...names },
      after: { status: 'voided', outcome: outcome.kind }
    })
  }
}

/** @param activity the activity by which users share */
export function voidShare(share: StoredShare, activity: string, by: Voiding): AuditedCommand {
  const { id, user, campaign, channel, verifiedAt } = share
  const verified = verifiedAt === null ? {} : { verifiedAt: isoTime(verifiedAt.getTime()) }
  return voiding({ id, user, campaign, activity, type: 'share.voided', names: { share: id, channel, ...verified } }, by)
}

export function voidAssist(assist: StoredAssist, by: Voiding): AuditedCommand {
  const { id, user, campaign, activity, share, sharer } = assist
  const givenAt = isoTime(assist.givenAt.getTime())
  return voiding(
    { id, user, campaign, activity, type: 'assist.voided', names: { assist: id, share, sharer, givenAt } },
    by
  )
}
