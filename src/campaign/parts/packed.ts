import { DAY_MS } from '../../base/day.ts'
import type { ZoneOffset } from './local-time.ts'
import type { AnyPrize } from './model.ts'
import type { PlannedSession } from './sessions.ts'
import type { ShipByRecord } from './ship-by.ts'

/** Widths that lua/steps/window.lua reads by: 13 digits of ms, 13, 6 digits of units, the pause flag, 32 of id. */
const SESSION_WIDTH = 65
const SHIP_BY_WIDTH = 26
/** 13 digits of ms, a sign and 4 digits of minutes. */
const ZONE_WIDTH = 18

type PackedSession = Omit<PlannedSession, 'stock'> & { readonly paused: boolean }

function digits(value: number, width: number): string {
  const text = String(value).padStart(width, '0')
  if (!Number.isSafeInteger(value) || value < 0 || text.length > width) {
    throw new Error(`${value} does not fit into ${width} digits`)
  }
  return text
}

/**
 * Sessions as the field `sessions` of an activity: records of one width, sorted by opening, so that the gate finds the
 * open one by binary search.
 */
export function packSessions(sessions: readonly PackedSession[]): string {
  return sessions
    .toSorted((a, b) => a.opensAt - b.opensAt)
    .map(
      (session) =>
        digits(session.opensAt, 13) +
        digits(session.closesAt, 13) +
        digits(session.unitsPerUser, 6) +
        (session.paused ? '1' : '0') +
        session.id.padEnd(32, ' ')
    )
    .join('')
}

function recordsOf(packed: string, width: number): string[] {
  if (packed.length % width !== 0) throw new Error(`${packed.length} characters are no records of ${width}`)
  return Array.from({ length: packed.length / width }, (_, index) => packed.slice(index * width, (index + 1) * width))
}

/** @throws Error when the text is not made of whole records */
export function unpackSessions(packed: string): PackedSession[] {
  return recordsOf(packed, SESSION_WIDTH).map((record) => ({
    opensAt: Number(record.slice(0, 13)),
    closesAt: Number(record.slice(13, 26)),
    unitsPerUser: Number(record.slice(26, 32)),
    paused: record[32] === '1',
    id: record.slice(33).trimEnd()
  }))
}

/** Ship-by dates as the field `ship_by` of an activity; '' if it promises none. */
export function packShipBy(records: readonly ShipByRecord[]): string {
  return records
    .toSorted((a, b) => a.from - b.from)
    .map((record) => digits(record.from, 13) + digits(record.shipBy, 13))
    .join('')
}

/** @throws Error when the text is not made of whole records */
export function unpackShipBy(packed: string): ShipByRecord[] {
  return recordsOf(packed, SHIP_BY_WIDTH).map((record) => ({
    from: Number(record.slice(0, 13)),
    shipBy: Number(record.slice(13))
  }))
}

/** Numbers of days as lua/steps/streak.lua finds them: a comma on both sides of each; one comma without any. */
export function packDays(days: readonly number[]): string {
  return days.length === 0 ? ',' : `,${days.join(',')},`
}

/** Offsets of a zone as the field `zone` of a campaign, such as `1700000000000+0480`. */
export function packZone(offsets: readonly ZoneOffset[]): string {
  return offsets
    .toSorted((a, b) => a.from - b.from)
    .map(({ from, minutes }) => digits(from, 13) + (minutes < 0 ? '-' : '+') + digits(Math.abs(minutes), 4))
    .join('')
}

/** @throws Error when the text is not made of whole records */
export function unpackZone(packed: string): ZoneOffset[] {
  return recordsOf(packed, ZONE_WIDTH).map((record) => ({
    from: Number(record.slice(0, 13)),
    minutes: Number(record.slice(13))
  }))
}

/** What only prizes of draws have. */
interface Drawn {
  readonly minSpins: number
  readonly even: boolean
  readonly reward: string
  readonly subs: string
}

/**
 * A prize as a field of the rules of its activity: `tier;type;limited;minSpins;even;claimWithinMs;value;reward;sub-prizes`. One
 * that a reward holds has the first three, the time to claim it and the value.
 */
export function packPrize(
  { tier, type, quota, claimWithinDays, value }: Omit<AnyPrize, 'subPrizes'>,
  { minSpins, even, reward, subs }: Drawn = { minSpins: 0, even: false, reward: '', subs: '' }
): string {
  const limited = quota === null ? '0' : '1'
  return [tier, type, limited, minSpins, even ? '1' : '0', claimWithinDays * DAY_MS, value, reward, subs].join(';')
}
