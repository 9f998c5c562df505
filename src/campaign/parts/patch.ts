import { type Static, Type } from 'typebox'
import { Count, Flag, Price, UnitsPerUser } from './shapes.ts'

/** Fields of a PATCH that several kinds have. */

export const UnitsOrNone = Type.Union([UnitsPerUser, Type.Null()], {
  description: 'must be a whole number of units from 1 to 999,999, or null for no limit'
})

export const TimesOrNone = Type.Union([Count, Type.Null()], {
  description: 'must be a whole number from 1 to 1,000,000,000, or null for no limit'
})

/** The price: of a kind that is sold for money in minor units, of another one in the unit that it costs. */
export const prices = {
  price: Type.Optional(Price),
  free: Type.Optional(Flag),
  listPrice: Type.Optional(
    Type.Union([Price, Type.Null()], {
      description: 'must be an amount in minor units above the price, or null for no list price'
    })
  )
}

const Prices = Type.Object(prices)
export type Prices = Static<typeof Prices>

/** Limits by name; null lifts one. */
export type LimitChanges = Readonly<Record<string, number | null | Readonly<Record<string, number | null>> | undefined>>

/** The one limit of a kind that is sold: units of a user, by which 0 means none. */
export const unitsPerUserLimit = {
  fields: { unitsPerUser: Type.Optional(UnitsOrNone) },
  changed<A extends { readonly unitsPerUser: number }>(activity: A, { unitsPerUser }: LimitChanges): A {
    return { ...activity, unitsPerUser: typeof unitsPerUser === 'number' ? unitsPerUser : 0 }
  }
}

/** An activity after a change, and what the journal, the event and the audit trail tell of it. */
export interface Changed<A> {
  readonly activity: A
  readonly data: Readonly<Record<string, unknown>>
}

/** Told of what a later version would change and only a PATCH may. */
export const DIFFERS = 'differs: it is in force and is changed by PATCH'
