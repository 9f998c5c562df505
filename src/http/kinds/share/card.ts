import { type Static, Type } from 'typebox'
import type { Rules } from '../../../campaign/definition/rules.ts'
import type { Share } from '../../../campaign/kinds/share/rules.ts'
import { type Language, localise } from '../../problems/language.ts'
import { nullable } from '../parts/page-schemas.ts'

export const ShareCard = Type.Object(
  {
    title: Type.String(),
    text: nullable('string', 'null where the campaign says nothing more'),
    image: nullable('string', 'address of a picture'),
    price: nullable('integer', 'minor units; null for what is not sold for money'),
    currency: nullable('string'),
    url: nullable('string', 'the link; null where the campaign has no template of links')
  },
  { title: 'ShareCard' }
)
export type ShareCard = Static<typeof ShareCard>

/** The link of a share by the campaign's template; null where it has none. */
export function linkOf({ link }: Pick<Share, 'link'>, share: string): string | null {
  return link === '' ? null : link.replaceAll('{share}', share)
}

interface Shown {
  /** undefined for a campaign that this process does not know */
  readonly rules: Rules | undefined
  readonly subject: { readonly type: string; readonly id: string }
  readonly url: string | null
  readonly language: Language
}

/** What a page shows of a share, from the campaign's data: of the activity that it is about, or of the campaign. */
export function shareCard({ rules, subject, url, language }: Shown): ShareCard {
  const activity = rules?.activities.find(({ id }) => id === subject.id)
  const said = activity ?? rules
  const isPriced = activity !== undefined && 'price' in activity && 'currency' in activity
  return {
    title: said === undefined ? subject.id : localise(said.title, language),
    text: said?.description === undefined ? null : localise(said.description, language),
    image: activity?.image ?? null,
    price: isPriced ? activity.price : null,
    currency: isPriced ? activity.currency : null,
    url
  }
}
