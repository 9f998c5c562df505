import type { CatalogueCampaign } from '../../../campaign/carrying/catalogue.ts'
import type { ActivityRules } from '../../../campaign/kinds/index.ts'
import { poolsOf } from '../../../campaign/kinds/prizes.ts'
import type { ParticipateCommand } from '../../../gate/batch/commands.ts'
import { replayField } from '../../../record/replay.ts'

/** The parts of a request that a command is made from. */
export interface Wish<Rules extends ActivityRules = ActivityRules, Body = unknown> {
  readonly user: string
  readonly level: number
  /** as the token says it, Unix seconds */
  readonly registeredAt: number | null
  /** the Idempotency-Key */
  readonly key: string
  readonly body: Body
  /** of the URL */
  readonly params: Readonly<Record<string, string>>
  readonly found: { readonly campaign: CatalogueCampaign; readonly activity: Rules }
}

/** The fields of a participate command that each kind sets. */
type Terms = Pick<ParticipateCommand, 'hash'> &
  Partial<Pick<ParticipateCommand, 'quantity' | 'random' | 'pool' | 'action' | 'about' | 'request'>>

/** A participate command. All fields are written out: spreading one object into another took longer than the rest of the function. */
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
    pool: terms.pool ?? poolsOf(found.activity),
    action: terms.action ?? '',
    about: terms.about ?? '',
    request: terms.request ?? '{}'
  }
}
