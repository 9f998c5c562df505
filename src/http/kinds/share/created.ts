import { Type } from 'typebox'
import { isoTime } from '../../../base/iso-time.ts'
import type { Rules } from '../../../campaign/definition/rules.ts'
import type { Share } from '../../../campaign/kinds/share/rules.ts'
import { decodeShare } from '../../../record/reports/share.ts'
import { confirmedHead } from '../../views/schemas.ts'
import { Time } from '../../wire/schemas.ts'
import type { Decided } from '../kind.ts'
import { type DecisionContext, headOf } from '../parts/decision.ts'
import { nullable, words } from '../parts/page-schemas.ts'
import { linkOf, ShareCard, shareCard } from './card.ts'

const ShareSubject = Type.Object({ type: Type.String(), id: Type.String() })

/** The members of a share that everybody may see. */
export const shareMembers = {
  id: Type.String(),
  channel: Type.String(),
  subject: ShareSubject,
  url: nullable('string', 'null where the campaign has no template of links'),
  status: words('created', 'verified', 'voided'),
  card: ShareCard,
  createdAt: Time
}

const CreatedShare = Type.Object(shareMembers, { title: 'CreatedShare' })

/** The activity of the campaign by which users share; undefined for a campaign that is not known here. */
export function sharingOf(rules: Rules | undefined): Share | undefined {
  return rules?.activities.find((activity): activity is Share => activity.kind === 'share')
}

interface ShareShown {
  readonly id: string
  readonly channel: string
  readonly subject: { readonly type: string; readonly id: string }
  readonly status: 'created' | 'verified' | 'voided'
  readonly createdAt: string
}

/** A share as everybody sees it. */
export function shareView(share: ShareShown, rules: Rules | undefined, language: DecisionContext['language']) {
  const { id, channel, subject, status, createdAt } = share
  const sharing = sharingOf(rules)
  const url = sharing === undefined ? null : linkOf(sharing, id)
  return { id, channel, subject, url, status, card: shareCard({ rules, subject, url, language }), createdAt }
}

export const created: Decided = {
  decides: 'share.created',
  member: 'share',
  schema: CreatedShare,
  confirmed: {
    file: 'confirmed-share.json',
    schema: Type.Object({ ...confirmedHead, share: CreatedShare }, { title: 'ConfirmedShare' })
  },
  documents: { 'created-share.json': CreatedShare },
  body(decision, context) {
    const { channel, subjectType, subject } = decodeShare(decision.report)
    const share: ShareShown = {
      id: decision.id,
      channel,
      subject: { type: subjectType, id: subject },
      status: 'created',
      createdAt: isoTime(decision.at)
    }
    const rules = context.campaignRules(context.campaign)
    return { ...headOf(decision, context), share: shareView(share, rules, context.language) }
  }
}
