import type { PoolClient } from 'pg'
import { ID } from '../../base/shapes.ts'
import { userField } from '../../record/fields.ts'
import { logical } from '../../record/keys.ts'
import type { CampaignRow } from '../../store/campaigns/campaigns.ts'
import { grantedSoFar, insertGrants, knownRequests, type NewGrant } from '../../store/campaigns/grants.ts'
import { inTransaction } from '../../store/connection/transaction.ts'
import { issuedUser } from '../../store/connection/user-name.ts'
import { CampaignError } from '../carrying/campaign-error.ts'
import { type Actor, invalid, type LifecycleContext, lockExisting, published } from '../carrying/context.ts'
import type { Planned } from '../change/plan.ts'
import type { Rules } from '../definition/rules.ts'
import { hasChances } from '../parts/context.ts'
import { scopeOf } from '../parts/scope.ts'

/** An amount for a user, negative to take it back: of points or another unit, `chances:<draw>`, or `entitlement:<name>`. */
export interface Grant {
  readonly user: string
  readonly unit: string
  /** not 0 */
  readonly amount: number
}

/** One grant of many; each has its own `key`, so it is given once, however often its file is sent. */
export interface GrantLine extends Grant {
  readonly line: number
  readonly key: string
}

export interface GrantResult {
  readonly accepted: number
  /** lines that were accepted before; they change nothing */
  readonly duplicates: number
}

const NAMED = new RegExp(`^(chances|entitlement):(${ID})$`)

/** The field of the user's hash that holds a unit; undefined if the campaign has no such unit. */
function grantedField(rules: Rules, unit: string): string | undefined {
  const [, word, name = ''] = NAMED.exec(unit) ?? []
  if (word === 'entitlement') return userField.entitlement(rules.id, name)
  if (word === 'chances') return hasChances(rules, name) ? userField.chances(rules.id, name) : undefined
  const scope = scopeOf(rules.units, unit)
  return scope && userField.balance(unit, scope === 'campaign' ? rules.id : '')
}

/** The most that a user may be granted of a unit; for chances and entitlements one cap holds for all draws and names. */
function capOf({ policies }: Rules, unit: string): number | undefined {
  const caps = policies.grantCap ?? {}
  const [word = ''] = unit.split(':')
  return Object.hasOwn(caps, word) ? caps[word] : undefined
}

const unknownUnit = (unit: string) =>
  `${JSON.stringify(unit)} is no unit of this campaign, no "chances:<draw>" of a draw with chances, no "entitlement:<name>"`

const aboveCap = (unit: string, cap: number, before: number) =>
  `${before} of at most ${cap} ${unit} were granted to this user in this campaign`

/** A debit takes at most what the user has; the answer and a second audit entry name what was missing. */
const grantType = (amount: number) => (amount < 0 ? 'balance.debited' : 'balance.credited')

/** Plans one grant, under the lock of its campaign. @throws CampaignError VALIDATION, LIMIT_REACHED, CONFLICT */
export async function planGrant(client: PoolClient, row: CampaignRow, grant: Grant): Promise<Planned> {
  const rules = published(row)
  const { user, unit, amount } = grant
  const field = grantedField(rules, unit)
  if (field === undefined) throw invalid([{ pointer: '/unit', detail: unknownUnit(unit) }])
  const cap = capOf(rules, unit)
  if (cap !== undefined && amount > 0) {
    const before = (await grantedSoFar(client, row.id, [user])).get(`${user} ${field}`) ?? 0
    if (before + amount > cap) {
      throw new CampaignError('LIMIT_REACHED', `${aboveCap(unit, cap, before)}.`, { scope: 'grant', limit: cap })
    }
  }
  return {
    type: grantType(amount),
    user,
    puts: [],
    adds: [[logical.user(user), field, amount]],
    data: { user: issuedUser(user), unit, amount },
    change: {},
    before: null,
    after: { campaign: row.id, unit, amount }
  }
}

/** Lines of one transaction, which holds the campaign's lock: with more, operators would wait for it. */
const LINES_PER_TRANSACTION = 1000

interface ManyGrants {
  readonly campaign: string
  readonly actor: Actor
  readonly lines: AsyncIterable<GrantLine>
  /** called for each line that is not accepted, with the reason */
  readonly reject: (line: number, detail: string) => void
}

/**
 * Accepts many grants, each key once; they are carried out afterwards, by the worker at the latest. A file that broke off
 * can be sent again.
 * @throws CampaignError NOT_FOUND, CONFLICT; what Postgres or the source throws: lines accepted before stay
 */
export async function grantMany(context: LifecycleContext, many: ManyGrants): Promise<GrantResult> {
  const total = { accepted: 0, duplicates: 0 }
  let chunk: GrantLine[] = []
  const store = async () => {
    const lines = chunk
    chunk = []
    const { accepted, duplicates } = await inTransaction(context.pool, (client) => storeLines(client, many, lines))
    total.accepted += accepted
    total.duplicates += duplicates
  }
  for await (const line of many.lines) {
    chunk.push(line)
    if (chunk.length === LINES_PER_TRANSACTION) await store()
  }
  if (chunk.length > 0) await store()
  return total
}

const hashOf = ({ user, unit, amount }: Grant) => `${user} ${unit} ${amount}`

async function storeLines(
  client: PoolClient,
  { campaign, actor, reject }: ManyGrants,
  lines: readonly GrantLine[]
): Promise<GrantResult> {
  const row = await lockExisting(client, campaign)
  const rules = published(row)
  const { operator, reason } = actor
  const users = [...new Set(lines.map(({ user }) => user))]
  const known = await knownRequests(
    client,
    operator,
    lines.map(({ key }) => key)
  )
  const granted = await grantedSoFar(client, campaign, users)
  const grants: NewGrant[] = []
  let duplicates = 0
  for (const line of lines) {
    const { user, unit, amount, key: requestKey } = line
    const before = known.get(requestKey)
    if (before !== undefined) {
      if (before === hashOf(line)) duplicates += 1
      else reject(line.line, 'this reference or key was used for another grant')
      continue
    }
    const field = grantedField(rules, unit)
    if (field === undefined) {
      reject(line.line, unknownUnit(unit))
      continue
    }
    const cap = capOf(rules, unit)
    const sum = granted.get(`${user} ${field}`) ?? 0
    if (cap !== undefined && amount > 0 && sum + amount > cap) {
      reject(line.line, aboveCap(unit, cap, sum))
      continue
    }
    granted.set(`${user} ${field}`, sum + Math.max(0, amount))
    known.set(requestKey, hashOf(line))
    const request = JSON.stringify({ by: operator, reason, user: issuedUser(user), unit, amount })
    const after = { campaign, unit, amount }
    const type = grantType(amount)
    grants.push({
      type,
      user,
      key: logical.user(user),
      field,
      amount,
      request,
      requestKey,
      requestHash: hashOf(line),
      after
    })
  }
  await insertGrants(client, { campaign, operator, reason, grants })
  return { accepted: grants.length, duplicates }
}
