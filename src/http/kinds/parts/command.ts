import type { CatalogueCampaign } from '../../../campaign/carrying/catalogue.ts'
import type { ActivityRules } from '../../../campaign/kinds/index.ts'
import type { ParticipateCommand } from '../../../gate/batch/commands.ts'
import { replayField } from '../../../record/replay.ts'

/** Who asks for what, as far as a command is made of it. */
export interface Wish<Rules extends ActivityRules = ActivityRules, Body = unknown> {
  readonly user: string
  readonly level: number
  /** the Idempotency-Key */
  readonly key: string
  readonly body: Body
  readonly found: { readonly campaign: CatalogueCampaign; readonly activity: Rules }
}

/** What tells one command of taking part from another, beside who asks. */
type Terms = Pick<ParticipateCommand, 'hash'> &
  Partial<Pick<ParticipateCommand, 'quantity' | 'random' | 'pool' | 'request'>>

/** A command of taking part, written out: copying one object into another took longer than all else together. */
export function participateCommand({ user, level, key, found }: Wish, terms: Terms): ParticipateCommand {
  return {
    op: 'participate',
    user,
    key: replayField.client(key),
    hash: terms.hash,
    campaign: found.campaign.id,
    activity: found.activity.id,
    quantity: terms.quantity ?? 1,
    level,
    by: 'user',
    random: terms.random ?? '',
    pool: terms.pool ?? '',
    request: terms.request ?? '{}'
  }
}
