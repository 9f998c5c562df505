import { userField } from './fields.ts'
import { decodeOrder } from './order.ts'
import { decodeWin } from './win.ts'

/** Fields of a user's hash that name their campaign, `<family>:<campaign>`, and what follows after one of `/` and `@`. */
const NAMED = /^(?:n|1|wn|wf|st|t|db|ls|sd|dk|ic|ib|e|eo|xp|lv|dq|ch):([^/@:]+)(?:[/@]|$)/

/** Balances, and what was credited of them on a day: those without a campaign belong to the account. */
const SCOPED = /^(?:b:|cx:?)([^/@]+)\//

const ORDER = userField.order('')
const WIN = userField.win('')
const VISIBILITY = userField.visibility('')

/**
 * Whether a field of a user's hash is of a campaign, so that it leaves Redis when this is archived. Balances of the account stay;
 * replay records are forgotten by their age.
 * @param comments ids of the campaign's comments: what moderation said of one does not say of which campaign it is
 * @throws Error when the record of an order or a win is not readable
 */
export function isOfCampaign(
  [field, value]: readonly [field: string, value: string],
  { campaign, comments }: { readonly campaign: string; readonly comments: ReadonlySet<string> }
): boolean {
  if (field.startsWith(ORDER)) return decodeOrder(field, value).campaign === campaign
  if (field.startsWith(WIN)) return decodeWin(field, value).campaign === campaign
  if (field.startsWith(VISIBILITY)) return comments.has(field.slice(VISIBILITY.length))
  const [, named] = NAMED.exec(field) ?? SCOPED.exec(field) ?? []
  return named === campaign
}
