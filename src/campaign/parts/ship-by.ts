import { businessDays } from './calendar.ts'
import { addDays, dayOf, endOfDay, type LocalDay, numberOfDay } from './local-time.ts'
import type { CampaignWindow } from './sessions.ts'

/** Orders accepted from `from` on are to be shipped by `shipBy`; both in ms since 1970. */
export interface ShipByRecord {
  readonly from: number
  readonly shipBy: number
}

interface ShipWithin {
  readonly businessDays: number
  readonly from: string
}

/** Counts on from a day. Every list of holidays ends, so this does. */
function businessDaysAfter(day: LocalDay, count: number, isBusinessDay: (day: number) => boolean): LocalDay {
  let current = day
  for (let counted = 0; counted < count; ) {
    current = addDays(current, 1)
    if (isBusinessDay(numberOfDay(current))) counted += 1
  }
  return current
}

/**
 * The ship-by dates of orders, sorted by `from`, the first from 0: the end of the n-th business day after the day of
 * acceptance, or after the campaign's last day (a campaign that closes at midnight has its last day before it).
 * Days that lead to the same date are one record. Which days are business days is said by the calendar of the window.
 */
export function shipByRecords(shipWithin: ShipWithin, window: CampaignWindow): ShipByRecord[] {
  const { timezone } = window
  const isBusinessDay = businessDays(window.calendar)
  const deadline = (day: LocalDay) => {
    return endOfDay(businessDaysAfter(day, shipWithin.businessDays, isBusinessDay), timezone)
  }
  const lastDay = dayOf(window.closesAt - 1, timezone)
  if (shipWithin.from === 'campaignEnd') return [{ from: 0, shipBy: deadline(lastDay) }]
  const records: ShipByRecord[] = []
  let from = 0
  for (let day = dayOf(window.opensAt, timezone); from < window.closesAt; day = addDays(day, 1)) {
    const shipBy = deadline(day)
    if (records.at(-1)?.shipBy !== shipBy) records.push({ from, shipBy })
    from = endOfDay(day, timezone) + 1
  }
  return records
}
