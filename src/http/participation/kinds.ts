import { type Static, type TSchema, Type } from 'typebox'
import { UnavailableError } from '../../base/errors.ts'
import type { CatalogueActivity } from '../../campaign/carrying/catalogue.ts'
import type { ActivityRules } from '../../campaign/kinds/index.ts'
import type { Command, ParticipateCommand } from '../../gate/batch/commands.ts'
import { drawRandom } from '../../record/draw-random.ts'
import { requestHash } from '../../record/request-hash.ts'
import { answersOf, ConfirmedClaim, ConfirmedCompletion, ConfirmedSpin } from '../views/schemas.ts'
import { fixedHash } from '../wire/idempotency.ts'
import { BuyBody, Confirmed, EmptyBody, QUANTITY_MAX } from '../wire/schemas.ts'

/** Who asks for what, as far as a command is made of it. */
export interface Wish<Body> {
  readonly user: string
  readonly level: number
  /** the Idempotency-Key */
  readonly key: string
  readonly body: Body
  readonly found: CatalogueActivity
}

/** One way of taking part: how it is asked for, and the command that it becomes. */
export interface Participation<Kind extends ActivityRules['kind'], Body extends TSchema> {
  readonly kind: Kind
  /** part of the path, and name of the parameter in it */
  readonly folder: string
  readonly param: string
  /** last part of the path */
  readonly action: string
  readonly operationId: string
  readonly summary: string
  readonly body: Body
  readonly response: Record<string | number, unknown>
  readonly command: (wish: Wish<Static<Body>>) => Command
}

const CompletionBody = Type.Unsafe<{ readonly proof?: string } | null>({
  ...Type.Object(
    {
      proof: Type.Optional(
        Type.String({
          minLength: 1,
          maxLength: 200,
          description: 'what shows that it was done; it is kept in the journal, so no personal data'
        })
      )
    },
    { additionalProperties: false }
  ),
  type: ['object', 'null'],
  title: 'Completion of a task'
})

const ClaimBody = Type.Object(
  { quantity: Type.Integer({ minimum: 1, maximum: QUANTITY_MAX }) },
  { additionalProperties: false, title: 'Claim of an item' }
)

const names = ({ found }: Wish<unknown>) => ({ campaign: found.campaign.id, activity: found.activity.id })

export const buying: Participation<'sale', typeof BuyBody> = {
  kind: 'sale',
  folder: 'sales',
  param: 'sale',
  action: 'orders',
  operationId: 'buy',
  summary: 'Buy units of a sale',
  body: BuyBody,
  response: answersOf(Confirmed),
  command(wish) {
    const { user, level, key, body } = wish
    const { campaign, activity } = names(wish)
    const { quantity } = body
    const hash = fixedHash(`/v1/campaigns/${campaign}/sales/${activity}/orders`, quantity)
    const request = `{"quantity":${quantity}}`
    return { op: 'buy', user, key: `u:${key}`, hash, campaign, activity, quantity, level, request }
  }
}

/** What tells one command of taking part from another, beside who asks. */
type Terms = Pick<ParticipateCommand, 'hash'> &
  Partial<Pick<ParticipateCommand, 'quantity' | 'random' | 'pool' | 'request'>>

/** A command of taking part, written out: copying one object into another took longer than all else together. */
function participation({ user, level, key, found }: Wish<unknown>, terms: Terms): ParticipateCommand {
  return {
    op: 'participate',
    user,
    key: `u:${key}`,
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

/** Pools by draw: rules in force are never changed, only exchanged. */
const poolsByDraw = new WeakMap<ActivityRules, string>()

function poolsOf(draw: ActivityRules): string {
  const known = poolsByDraw.get(draw)
  if (known !== undefined) return known
  const prizes = draw.kind === 'draw' ? draw.prizes : []
  const pools = [...new Set(prizes.map(({ pool }) => pool).filter((pool) => pool !== ''))].join()
  poolsByDraw.set(draw, pools)
  return pools
}

/** @throws UnavailableError while the seed of the draw is not known: without it nothing fair can be drawn */
export const spinning: Participation<'draw', typeof EmptyBody> = {
  kind: 'draw',
  folder: 'draws',
  param: 'draw',
  action: 'spins',
  operationId: 'spin',
  summary: 'Draw once',
  body: EmptyBody,
  response: answersOf(ConfirmedSpin),
  command(wish) {
    const { user, key, found } = wish
    const { campaign, activity: draw } = names(wish)
    const seed = found.campaign.seeds.get(draw)?.seed
    if (seed === undefined) throw new UnavailableError('The seed of this draw is not known yet.')
    const hash = fixedHash(`/v1/campaigns/${campaign}/draws/${draw}/spins`)
    const random = drawRandom(seed, { campaign, draw, user, key })
    return participation(wish, { hash, random, pool: poolsOf(found.activity) })
  }
}

export const claiming: Participation<'redemption', typeof ClaimBody> = {
  kind: 'redemption',
  folder: 'redemptions',
  param: 'item',
  action: 'claims',
  operationId: 'claim',
  summary: 'Points for goods or a code',
  body: ClaimBody,
  response: answersOf(ConfirmedClaim),
  command(wish) {
    const { found, body } = wish
    const { campaign, activity: item } = names(wish)
    const { quantity } = body
    return participation(wish, {
      quantity,
      hash: fixedHash(`/v1/campaigns/${campaign}/redemptions/${item}/claims`, quantity),
      pool: found.activity.kind === 'redemption' ? found.activity.pool : '',
      request: `{"quantity":${quantity}}`
    })
  }
}

export const completing: Participation<'task', typeof CompletionBody> = {
  kind: 'task',
  folder: 'tasks',
  param: 'task',
  action: 'completions',
  operationId: 'complete',
  summary: 'Complete a task, or check in',
  body: CompletionBody,
  response: answersOf(ConfirmedCompletion),
  command(wish) {
    const { campaign, activity: task } = names(wish)
    const path = `/v1/campaigns/${campaign}/tasks/${task}/completions`
    const proof = wish.body?.proof
    if (proof === undefined) return participation(wish, { hash: fixedHash(path) })
    const body = { proof }
    return participation(wish, { hash: requestHash('POST', path, body), request: JSON.stringify(body) })
  }
}
