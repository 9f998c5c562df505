/**
 * The base of every error that this project throws. The message says what happened; `textOf` makes the text that people see.
 * Callers tell errors apart by class (`instanceof`); logs and operators by `code`.
 */
export abstract class FloodgateError extends Error {
  /** a stable word; each class has its own */
  abstract readonly code: string
  /** what the error means for whoever reads it: what is lost, and what is not */
  abstract readonly meaning: string
  /** what to do */
  abstract readonly remedy: string

  constructor(message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = new.target.name
  }
}

/** A part did not answer in time; nothing was changed by the call. */
export class UnavailableError extends FloodgateError {
  readonly code = 'unavailable'
  readonly meaning = 'Nothing was changed.'
  readonly remedy = 'Try again; npx floodgate doctor says which part is away.'
}

/** What somebody asked for cannot be done, or goes no further: an expected failure of a command, in its own words. */
export class CommandError extends FloodgateError {
  readonly code = 'command-failed'
  readonly meaning: string
  readonly remedy: string

  /** @param what what happened; then what it means, and what to do */
  constructor(what: string, meaning: string, remedy: string) {
    super(what)
    this.meaning = meaning
    this.remedy = remedy
  }
}

/** The message of anything thrown. A group of failed connection attempts has none of its own: its first error stands for it. */
export function messageOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') return messageOf(error.errors[0])
  return error instanceof Error ? error.message : String(error)
}

/** Why a `fetch` failed: its own message is the same whatever went wrong. */
export function fetchFault(error: unknown): string {
  return messageOf(error instanceof Error && error.cause !== undefined ? error.cause : error)
}

/** All that is known about anything thrown, for people: what happened, what it means, what to do. */
export function textOf(error: unknown): string {
  const what = messageOf(error)
  return error instanceof FloodgateError ? `${what}\n  ${error.meaning}\n  ${error.remedy}` : what
}

/** The code that the system or a server gave an error (ENOSPC, EACCES, 28P01, ...), '' when it has none. */
export function systemCodeOf(error: unknown): string {
  if (error instanceof FloodgateError || typeof error !== 'object' || error === null) return ''
  return 'code' in error && typeof error.code === 'string' ? error.code : ''
}
