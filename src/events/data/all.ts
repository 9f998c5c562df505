// What a decision says outside, by the kind of its report, one line each; index.ts makes the registry of them.
export { adjustmentData as adjustment } from './adjustment.ts'
export { completionData as completion } from './completion.ts'
export { redemptionData as redemption } from './redemption.ts'
export { refundDueData as refund } from './refund.ts'
export { reservationData as reservation } from './reservation.ts'
export { spinData as spin } from './spin.ts'
export { winChangeData as winChange } from './win.ts'
