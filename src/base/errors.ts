/** A part did not answer in time; nothing was changed by the call. */
export class UnavailableError extends Error {}
