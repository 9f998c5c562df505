/** The units that a campaign declares, by name. */
export type Units = Readonly<Record<string, Unit>>

interface Unit {
  readonly scope: 'account' | 'campaign'
  /** when what the campaign gave of it expires; never where absent, and only of an account's */
  readonly expiresAt?: string
}

/** The unit that every campaign has without declaring it. */
export const POINTS = 'points'

/**
 * The scope of a unit, undefined if the campaign has no such unit. Points have the scope account
 * unless the campaign declares them otherwise.
 */
export function scopeOf(units: Units | undefined, unit: string): 'account' | 'campaign' | undefined {
  const declared = units !== undefined && Object.hasOwn(units, unit) ? units[unit]?.scope : undefined
  return declared ?? (unit === POINTS ? 'account' : undefined)
}
