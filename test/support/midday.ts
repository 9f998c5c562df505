import { packZone } from '../../src/campaign/parts/packed.ts'

const ahead = 12 - new Date().getUTCHours()

/** Minutes of a zone, east positive, in which it is noon: no local day ends while a test runs. */
export const middayMinutes = 60 * ahead

/** The same zone by its name; `Etc/GMT-3` is three hours east. */
export const middayTimezone = ahead === 0 ? 'UTC' : `Etc/GMT${ahead > 0 ? '-' : '+'}${Math.abs(ahead)}`

/** The same zone as the gate reads it. */
export const middayZone = packZone([{ from: 0, minutes: middayMinutes }])
