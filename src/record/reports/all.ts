// The decoder of each kind of report, by its name, one line each; index.ts makes the registry of them.
export { decodeAdjustment as adjustment } from './adjustment.ts'
export { decodeCompletion as completion } from './completion.ts'
export { decodeRedemption as redemption } from './redemption.ts'
export { decodeRefund as refund } from './refund.ts'
export { decodeReservation as reservation } from './reservation.ts'
export { decodeSpin as spin } from './spin.ts'
export { decodeWinChange as winChange } from './win-change.ts'
