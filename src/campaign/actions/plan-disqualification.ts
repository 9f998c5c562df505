import type { Pool } from 'pg'
import { fromStore } from '../../base/deadline.ts'
import type { UserReader } from '../../gate/gate.ts'
import { userField } from '../../record/fields.ts'
import { boardsOfUser } from '../../store/boards/hidden.ts'
import type { Revoking } from '../../store/campaigns/jobs.ts'
import { creditsOfUser } from '../../store/following/credits.ts'
import { openOrdersOfUser } from '../../store/reading/orders.ts'
import { standingWins } from '../../store/reading/wins.ts'
import type { Rules } from '../definition/rules.ts'
import { takenFrom } from './disqualification.ts'

/** What would go with an exclusion; a list is empty where that is not asked for. */
interface DisqualificationPlan {
  /** whether the user is excluded already */
  readonly disqualified: boolean
  readonly wins: ReadonlyArray<{
    readonly id: string
    readonly draw: string
    readonly prize: string
    readonly status: string
  }>
  /** for what others did */
  readonly rewards: ReadonlyArray<{ readonly activity: string; readonly action: string; readonly state: string }>
  readonly orders: ReadonlyArray<{
    readonly id: string
    readonly sale: string
    readonly status: string
    /** minor units that would be due back */
    readonly refundDue: number
  }>
  readonly balances: ReadonlyArray<{
    readonly unit: string
    readonly amount: number
    readonly there: number
    readonly shortfall: number
  }>
  /** leaderboards that would not show the user any more; a frozen order stays, and what it gave is among the rewards */
  readonly boards: ReadonlyArray<{ readonly board: string; readonly period: string; readonly score: number }>
}

/** Nothing is done. @throws UnavailableError */
export async function planDisqualification(
  { pool, reader }: { readonly pool: Pool; readonly reader: Pick<UserReader, 'fieldsOf'> },
  rules: Rules,
  { user, wins, rewards, orders }: Revoking
): Promise<DisqualificationPlan> {
  const campaign = rules.id
  const barred = userField.disqualified(campaign)
  const place = { campaign, user }
  const fields = await reader.fieldsOf(user, [barred])
  const taken = rewards ? (await takenFrom({ pool, reader }, { rules, user })).taken : []
  return {
    disqualified: fields[barred] === '1',
    wins: wins ? await fromStore(standingWins(pool, place)) : [],
    rewards: rewards ? await fromStore(creditsOfUser(pool, place)) : [],
    orders: orders ? await fromStore(openOrdersOfUser(pool, place)) : [],
    balances: taken
      .filter(({ amount }) => amount > 0)
      .map(({ unit, amount, there }) => ({ unit, amount, there, shortfall: Math.max(0, amount - there) })),
    boards: await fromStore(boardsOfUser(pool, place))
  }
}
