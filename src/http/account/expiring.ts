import type pg from 'pg'
import { type Static, Type } from 'typebox'
import { fromStore } from '../../base/deadline.ts'
import { isoTime } from '../../base/iso-time.ts'
import { expiriesOf } from '../../campaign/actions/expiring-points.ts'
import { lotsOf } from '../../campaign/actions/points-left.ts'
import type { CatalogueCampaign } from '../../campaign/carrying/catalogue.ts'
import type { UnstoredDecision, UserReader } from '../../gate/gate.ts'
import { userField } from '../../record/fields.ts'
import { type Movement, movementsOf, TAKES_BACK } from '../../store/reading/ledger.ts'
import type { CatalogueSource } from '../answering/find-activity.ts'
import { compareNewest } from '../wire/pages.ts'
import { Time } from '../wire/schemas.ts'

/** At most so many are told, the next ones first. */
const MOST = 10

export const Expiring = Type.Array(
  Type.Object({
    unit: Type.String(),
    amount: Type.Integer({ description: 'what is left of what that campaign gave; earned first is spent first' }),
    at: Time,
    campaign: Type.String({ description: 'which gave it' })
  }),
  {
    maxItems: MOST,
    description: 'what will expire of balances of the account, the next first; absent while it cannot be counted'
  }
)

type Expiries = Static<typeof Expiring>

interface ExpiringParts {
  readonly pool: pg.Pool
  readonly gate: Pick<UserReader, 'unstoredOf'>
  readonly catalogue: Pick<CatalogueSource, 'list'>
}

interface Moment {
  readonly campaign: string
  readonly unit: string
  readonly at: number
}

const momentsOf = ({ id, rules }: CatalogueCampaign): Moment[] =>
  expiriesOf(rules).map(({ unit, at }) => ({ campaign: id, unit, at }))

/** What a decision that Postgres lacks did to a balance of the account. */
function movementOf({ campaign, type, at, moved }: UnstoredDecision, unit: string): Movement {
  const delta = moved[userField.balance(unit, '')] ?? 0
  return { campaign, delta, isTakenBack: TAKES_BACK.includes(type), at }
}

/**
 * What will expire of a user's balances of the account: counted from all that was decided, what waits in Redis too, so a spending that was
 * confirmed a moment ago is in it. Where nothing expires, nothing is read.
 * @param units the units that are asked about; absent: all
 * @throws UnavailableError
 */
export async function expiringOf(
  { pool, gate, catalogue }: ExpiringParts,
  user: string,
  units?: ReadonlySet<string>
): Promise<Expiries> {
  const moments = catalogue
    .list()
    .flatMap(momentsOf)
    .filter(({ unit }) => units === undefined || units.has(unit))
  const found: Array<Moment & { readonly amount: number }> = []
  if (moments.length === 0) return []
  // Redis first: a decision that leaves it between the two reads is in Postgres by the second one
  const waiting = await gate.unstoredOf(user)
  for (const unit of new Set(moments.map((moment) => moment.unit))) {
    const stored = await fromStore(movementsOf(pool, user, unit))
    const known = new Set(stored.map(({ id }) => id))
    const live = waiting
      .filter(({ id }) => !known.has(id))
      .toSorted((one, other) => compareNewest(other, one))
      .map((decision) => movementOf(decision, unit))
    const lots = lotsOf([...stored, ...live])
    for (const moment of moments.filter((each) => each.unit === unit)) {
      const mine = lots.filter(({ campaign, at }) => campaign === moment.campaign && at <= moment.at)
      found.push({ ...moment, amount: mine.reduce((sum, { left }) => sum + left, 0) })
    }
  }
  return found
    .filter(({ amount }) => amount > 0)
    .toSorted((one, other) => one.at - other.at)
    .slice(0, MOST)
    .map(({ unit, amount, at, campaign }) => ({ unit, amount, at: isoTime(at), campaign }))
}
