/**
 * Milliseconds on the machine's monotonic clock: the same for every process of it, and not moved when the time of day is
 * corrected.
 */
export const monotonicMs = (): number => Number(process.hrtime.bigint()) / 1e6
