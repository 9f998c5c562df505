import type { Pool } from 'pg'
import type { AdjustCommand } from '../../gate/batch/commands.ts'
import type { UserReader } from '../../gate/gate.ts'
import { decodeExpired } from '../../record/expired.ts'
import { balanceField, creditOf, unitName, userField } from '../../record/fields.ts'
import { logical } from '../../record/keys.ts'
import { CREDITING, replayField } from '../../record/replay.ts'
import type { Job } from '../../store/campaigns/jobs.ts'
import type { Queryable } from '../../store/connection/transaction.ts'
import { issuedUser } from '../../store/connection/user-name.ts'
import { type DecisionPlace, earnedIn, gainedSince, voidedIn } from '../../store/reading/ledger.ts'
import { findDecision } from '../../store/reading/orders.ts'
import { appliedAdds, balanceView } from '../carrying/applied.ts'
import type { AuditedCommand } from '../carrying/audited-gate.ts'
import type { Rules } from '../definition/rules.ts'
import { kindOf } from '../kinds/index.ts'
import { hasChances } from '../parts/context.ts'
import { POINTS } from '../parts/scope.ts'

/** Names of entitlements that activities of a campaign require or give. */
export function entitlementNames({ activities }: Rules): ReadonlySet<string> {
  const names = activities.flatMap((activity) => [
    activity.requires.entitlement,
    ...(kindOf(activity).rewards?.(activity) ?? []).map((reward) => reward?.entitlement ?? '')
  ])
  return new Set(names.filter((name) => name !== ''))
}

/** Fields of a user's hash in which a campaign's own balances stand, those of the account left out. */
function ownFields(rules: Rules): string[] {
  const units = Object.entries(rules.units).filter(([, { scope }]) => scope === 'campaign')
  const draws = rules.activities.filter(({ id }) => hasChances(rules, id))
  return [
    ...units.map(([unit]) => userField.balance(unit, rules.id)),
    ...draws.map(({ id }) => userField.chances(rules.id, id)),
    ...[...entitlementNames(rules)].map((name) => userField.entitlement(rules.id, name))
  ]
}

/** A balance of a user, what a campaign gave of it, and what is there. */
interface Taken {
  readonly unit: string
  readonly field: string
  /** what is taken back: of the account what the campaign gave, of the campaign's own balances all that is there, and at least that */
  readonly amount: number
  readonly there: number
  /** where the gate knows how much of it has expired, and what is taken back before that is counted; absent where it does not expire */
  readonly expiring?: { readonly field: string; readonly amount: number } | undefined
}

interface AllTaken {
  readonly taken: readonly Taken[]
  /** points that activities gave: levels count them no more */
  readonly earnedPoints: number
}

interface Sources {
  readonly pool: Queryable
  readonly reader: Pick<UserReader, 'fieldsOf'>
}

/** Amounts by the fields of their balances. */
function sumsByField(amounts: ReadonlyArray<Parameters<typeof balanceField>[0] & { readonly amount: number }>) {
  const sums = new Map<string, number>()
  for (const each of amounts) sums.set(balanceField(each), (sums.get(balanceField(each)) ?? 0) + each.amount)
  return sums
}

/** Of a balance of the account, less what has expired. What earlier exclusions did not take for that reason is done with. */
function takenOfAccount(given: Taken, { id, units }: Rules, live: Readonly<Record<string, string>>): Taken[] {
  const field = userField.expired(id, given.unit)
  const { left, counted } = decodeExpired(live[field])
  const amount = given.amount - counted
  if (amount <= 0) return []
  const expiring = units[given.unit]?.expiresAt === undefined ? undefined : { field, amount }
  return [{ ...given, amount: Math.max(0, amount - left), expiring }]
}

/** What is taken, and what is counted as expired instead: the gate knows how much that is when it decides. */
function addsOf(key: string, taken: readonly Taken[]): AdjustCommand['adds'] {
  const expiring = taken.flatMap(({ expiring: one }) => (one === undefined ? [] : [one]))
  return [
    ...taken.map(({ field, amount, expiring: one }) => [key, field, -(one?.amount ?? amount)] as const),
    ...expiring.map(({ field, amount }) => [key, field, -amount] as const)
  ]
}

/**
 * What a campaign takes from a user who is excluded, beside wins, and rewards for what others did, which are taken back by themselves.
 * @param of.until the exclusion: who is let in again meanwhile keeps what came after it; absent: takes all
 * @throws UnavailableError
 */
export async function takenFrom(
  { pool, reader }: Sources,
  of: { readonly rules: Rules; readonly user: string; readonly until?: DecisionPlace | undefined }
): Promise<AllTaken> {
  const { rules, user, until } = of
  const earned = await earnedIn(pool, { user, campaign: rules.id, crediting: CREDITING, until })
  const gained = until === undefined ? [] : await gainedSince(pool, { user, campaign: rules.id, after: until })
  const [byField, since] = [sumsByField(earned), sumsByField(gained)]
  const fields = [...new Set([...ownFields(rules), ...byField.keys()])]
  const expiredFields = Object.keys(rules.units).map((unit) => userField.expired(rules.id, unit))
  const there = await reader.fieldsOf(user, [...fields, ...expiredFields])
  const taken = fields.flatMap((field): Taken[] => {
    const { unit = field, scope = '' } = creditOf(field) ?? {}
    const present = Number(there[field] ?? 0)
    const given = byField.get(field) ?? 0
    if (scope === '') return takenOfAccount({ unit, field, amount: given, there: present }, rules, there)
    const amount = Math.max(given, present - (since.get(field) ?? 0))
    return amount > 0 ? [{ unit, field, amount, there: present }] : []
  })
  const points = earned.filter(({ unit, isGrant }) => unit === POINTS && !isGrant)
  // who was excluded before and let in again loses once what was voided then
  const voided = await voidedIn(pool, { user, campaign: rules.id, unit: POINTS })
  return { taken, earnedPoints: points.reduce((sum, { amount }) => sum + amount, 0) - voided }
}

function placeOf(decision: string): DecisionPlace {
  const [, epoch, sequence] = decision.split('-')
  return { epoch: Number(epoch), sequence: Number(sequence) }
}

/** The command that takes them, and its audit entry; undefined where there is nothing to take. @throws UnavailableError */
export async function takeAll(
  {
    rules,
    ...sources
  }: { readonly pool: Pool; readonly reader: Pick<UserReader, 'fieldsOf'>; readonly rules: Rules | undefined },
  { id, campaign, operator, reason, intent, asked: { user } }: Job & { readonly kind: 'disqualification' }
): Promise<AuditedCommand | undefined> {
  if (rules === undefined) return undefined
  const exclusion = await findDecision(sources.pool, user, replayField.intent(intent ?? 0))
  const until = exclusion && placeOf(exclusion.id)
  const { taken, earnedPoints } = await takenFrom(sources, { rules, user, until })
  const cards = userField.doubler(campaign)
  const held = (await sources.reader.fieldsOf(user, [cards]))[cards] ?? ''
  if (taken.length === 0 && held === '') return undefined
  const key = logical.user(user)
  const command: AdjustCommand = {
    op: 'adjust',
    type: 'balance.debited',
    user,
    key: replayField.job(id, 'balances'),
    hash: 'balances',
    campaign,
    activity: '',
    puts: held === '' ? [] : [[key, cards, '']],
    adds: addsOf(key, taken),
    request: JSON.stringify({
      by: operator,
      reason,
      taken: taken.map(({ unit, amount }) => ({ unit, amount: -amount })),
      // what is taken may have been granted: levels rest on what was earned alone
      ...(earnedPoints > 0 && { earned: { [POINTS]: earnedPoints } })
    })
  }
  return {
    command,
    entryOf: (outcome) => {
      const applied = 'decision' in outcome ? (outcome.decision.applied ?? null) : null
      const adds = taken.map(({ field, amount }) => [key, field, -amount] as const)
      return {
        operator,
        action: 'balance.debited',
        target: `user:${issuedUser(user)}`,
        reason,
        after: {
          campaign,
          balances: appliedAdds({ adds }, applied).map(balanceView),
          ...(held !== '' && { cards: unitName.doubler })
        }
      }
    }
  }
}
