import { DAY_MS } from '../../base/day.ts'

/** Sessions of one campaign, all activities together: their packed records are read by every batch of the gate. */
export const MAX_SESSIONS = 1000

/** The longest campaign. */
export const MAX_DAYS = 400

/** The longest campaign, in ms. */
export const LONGEST_MS = MAX_DAYS * DAY_MS
