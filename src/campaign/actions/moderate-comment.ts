import type { AdjustCommand } from '../../gate/batch/commands.ts'
import type { Outcome } from '../../gate/batch/outcomes.ts'
import type { DecisionType } from '../../record/decisions.ts'
import { userField } from '../../record/fields.ts'
import { logical } from '../../record/keys.ts'
import { replayField } from '../../record/replay.ts'
import { requestHash } from '../../record/request-hash.ts'
import { encodeVisibility } from '../../record/visibility.ts'
import { issuedUser } from '../../store/connection/user-name.ts'
import type { AuditedCommand } from '../carrying/audited-gate.ts'
import type { FoundComment } from './find-comment.ts'

/** Who hides a comment or lets it show, and why. */
interface Moderation {
  readonly status: 'shown' | 'hidden'
  readonly operator: string
  /** the Idempotency-Key */
  readonly key: string
  readonly reason: string
}

const types = { shown: 'comment.restored', hidden: 'comment.hidden' } as const satisfies Record<string, DecisionType>

/**
 * The decision by which a comment is hidden or shown, and its entry in the audit trail. It is one of the comment's author, so that it stands
 * behind the comment in the journal of one shard; it takes and gives nothing, and no window closes it.
 */
export function moderateComment(found: FoundComment, { status, operator, key, reason }: Moderation): AuditedCommand {
  const { id, user, campaign, discussion, version } = found
  const record = encodeVisibility({ status, version: version + 1 })
  const command: AdjustCommand = {
    op: 'adjust',
    type: types[status],
    user,
    key: replayField.operator(operator, key),
    hash: requestHash('POST', `comment ${id}`, { status, reason }),
    campaign,
    activity: discussion,
    puts: [[logical.user(user), userField.visibility(id), record]],
    adds: [],
    request: JSON.stringify({ comment: id, by: operator, reason })
  }
  const entryOf = (outcome: Outcome) => ({
    operator,
    action: types[status],
    target: `comment:${id}`,
    reason,
    before: { user: issuedUser(user), campaign, discussion, status: found.status },
    after: { status, outcome: outcome.kind }
  })
  return { command, entryOf }
}
