import { type Static, Type } from 'typebox'
import { Count, Flag, Price, UnitsPerUser } from './shapes.ts'

/** Fields of a PATCH that several kinds have. */

export const UnitsOrNone = Type.Union([UnitsPerUser, Type.Null()], {
  description: 'must be a whole number of units from 1 to 999,999, or null for no limit'
})

export const TimesOrNone = Type.Union([Count, Type.Null()], {
  description: 'must be a whole number from 1 to 1,000,000,000, or null for no limit'
})

/** The price: in minor units of money for a sale, in its own unit for other kinds. */
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

/** Limits by name; null removes one. */
export type LimitChanges = Readonly<Record<string, number | null | Readonly<Record<string, number | null>> | undefined>>

/** The one limit of sales and redemptions: units per user. In the rules 0 means no limit. */
export const unitsPerUserLimit = {
  fields: { unitsPerUser: Type.Optional(UnitsOrNone) },
  changed<A extends { readonly unitsPerUser: number }>(activity: A, { unitsPerUser }: LimitChanges): A {
    return { ...activity, unitsPerUser: typeof unitsPerUser === 'number' ? unitsPerUser : 0 }
  }
}

/** An activity after a change, with the data about it for the journal, the event and the audit trail. */
export interface Changed<A> {
  readonly activity: A
  readonly data: Readonly<Record<string, unknown>>
}

/** The error for a field that a later version changes and only a PATCH may change. */
export const DIFFERS = 'differs: it is in force and is changed by PATCH'
