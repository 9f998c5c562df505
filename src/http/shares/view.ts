import { type Static, Type } from 'typebox'
import type { Rules } from '../../campaign/definition/rules.ts'
import type { CountedShare, StoredShare } from '../../store/shares/shares.ts'
import { helpingOf, Progress, progressView } from '../kinds/assist/given.ts'
import { nullable, optional } from '../kinds/parts/page-schemas.ts'
import { shareMembers, shareView } from '../kinds/share/created.ts'
import type { Language } from '../problems/language.ts'
import { orNull } from '../views/schemas.ts'

const text = optional(nullable('string', 'what its user tells; absent where nothing was told'))

const Counted = Type.Object({
  orders: Type.Integer(),
  registrations: Type.Integer()
})

const assists = orNull(Type.Object(Progress))

/** A share as its user sees it in a list. */
export const ownFigures = {
  ...shareMembers,
  text,
  assists,
  clicks: Type.Integer({ description: 'first looks of different visitors' }),
  conversions: Type.Integer({ description: 'orders and registrations that came by it' }),
  converted: Counted
}

export const SharePage = Type.Object(
  {
    ...shareMembers,
    text,
    mine: Type.Boolean(),
    assists,
    clicks: optional(Type.Integer({ description: 'first looks of different visitors; for its user only' })),
    repeats: optional(Type.Integer()),
    bots: optional(Type.Integer()),
    conversions: optional(Type.Integer({ description: 'orders and registrations that came by it; for its user only' })),
    converted: optional(Counted)
  },
  { title: 'SharePage' }
)

const statusOf = ({ voided, verifiedBy }: StoredShare) =>
  voided ? 'voided' : verifiedBy === null ? 'created' : 'verified'

/** A share in the words of its campaign. */
export function storedShareView(share: StoredShare, rules: Rules, language: Language) {
  const { id, channel, subjectType, subject, createdAt } = share
  const shown = {
    id,
    channel,
    subject: { type: subjectType, id: subject },
    status: statusOf(share),
    createdAt: createdAt.toISOString()
  } as const
  // what is voided says nothing any more
  return { ...shareView(shown, rules, language), ...(share.text !== null && !share.voided && { text: share.text }) }
}

interface ShownIn {
  readonly rules: Rules
  readonly language: Language
}

const assistsOf = ({ assists: count }: CountedShare, rules: Rules) => {
  const helping = helpingOf(rules)
  return helping === undefined ? null : progressView(helping, count)
}

/** A share in the list of its user. */
export function ownShare(share: CountedShare, { rules, language }: ShownIn) {
  const { clicks, orders, registrations } = share
  return {
    ...storedShareView(share, rules, language),
    assists: assistsOf(share, rules),
    clicks,
    conversions: orders + registrations,
    converted: { orders, registrations }
  }
}

/** A share as a visitor sees it, or its own user, who sees its figures too. @param user null for somebody who is not signed in */
export function sharePage(
  share: CountedShare,
  { rules, user, language }: ShownIn & { readonly user: string | null }
): Static<typeof SharePage> {
  const mine = share.user === user
  const { clicks, repeats, bots, orders, registrations } = share
  return {
    ...storedShareView(share, rules, language),
    mine,
    assists: assistsOf(share, rules),
    ...(mine && {
      clicks,
      repeats,
      bots,
      conversions: orders + registrations,
      converted: { orders, registrations }
    })
  }
}
