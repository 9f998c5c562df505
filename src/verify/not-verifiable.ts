import { FloodgateError } from '../base/errors.ts'
import type { JournalHeader } from './journal-line.ts'

/** A draw cannot be verified from this file: what happened, what it means, what to do. */
export class NotVerifiableError extends FloodgateError {
  readonly code = 'not-verifiable'
  readonly meaning: string
  readonly remedy: string

  constructor(what: string, meaning: string, remedy: string) {
    super(what)
    this.meaning = meaning
    this.remedy = remedy
  }
}

export function notExported(what: string): NotVerifiableError {
  return new NotVerifiableError(
    what,
    'It is no exported journal.',
    'Make one: floodgate export journal --campaign <campaign> --output <file>'
  )
}

/** Spins are recomputed from everything before them, users and keys included. @throws NotVerifiableError */
export function checkWhole({ from, masked }: JournalHeader): void {
  if (masked) {
    throw new NotVerifiableError(
      'The file is masked.',
      "A spin's number is made of its user and key, which are not in it.",
      'Export the journal without --mask.'
    )
  }
  if (from !== null) {
    throw new NotVerifiableError(
      `The file begins with decision ${from}.`,
      'Rules, quotas and counters of before are not in it.',
      'Export the journal without --from.'
    )
  }
}
