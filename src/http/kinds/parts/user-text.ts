import { fromStore } from '../../../base/deadline.ts'
import type { ActivityRules } from '../../../campaign/kinds/index.ts'
import { keepText, releaseText } from '../../../store/reading/user-texts.ts'
import { keyedHash } from '../../wire/keyed-hash.ts'
import type { Participation, Services } from '../kind.ts'
import { participateCommand, type Wish } from './command.ts'

/**
 * A command about what a user wrote. Postgres alone gets the text, before the gate decides; the journal gets a hash that does not reveal it.
 * @param written.asked all that tells one request from another, the text among it
 * @throws UnavailableError while Postgres does not answer: then the gate is not asked
 */
export async function commandWithText(
  wish: Wish,
  { pool }: Services,
  written: {
    readonly text: string
    readonly asked: readonly unknown[]
    readonly about?: string
    readonly request?: string
  }
) {
  const { text, asked, ...terms } = written
  const { campaign, activity } = wish.found
  const hash = await keyedHash(pool, 'user-texts', JSON.stringify([campaign.id, activity.id, ...asked]))
  const command = participateCommand(wish, { hash, ...terms })
  await fromStore(keepText(pool, { user: command.user, key: command.key, hash, text }))
  return command
}

/**
 * Forgets the text of a command that decided nothing: a replay keeps the one of the first request, until it is stored with the decision.
 * Whatever is left is forgotten after a week.
 */
export const forgetUndecided = (({ user, key, hash }, outcome, { pool }) => {
  const { kind } = outcome
  const decidedNothing = kind === 'refused' || kind === 'unavailable' || (kind === 'confirmed' && outcome.replayed)
  if (decidedNothing) releaseText(pool, { user, key, hash }).catch(() => {})
}) satisfies Participation<ActivityRules>['ended']
