import { CommandError } from '../base/errors.ts'
import type { JournalHeader } from './journal-line.ts'

export function notExported(what: string): CommandError {
  return new CommandError(
    what,
    'It is no exported journal.',
    'Make one: floodgate export journal --campaign <campaign> --output <file>'
  )
}

/** Spins are recomputed from everything before them, users and keys included. @throws CommandError */
export function checkWhole({ from, masked }: JournalHeader): void {
  if (masked) {
    throw new CommandError(
      'The file is masked.',
      "A spin's number is made of its user and key, which are not in it.",
      'Export the journal without --mask.'
    )
  }
  if (from !== null) {
    throw new CommandError(
      `The file begins with decision ${from}.`,
      'Rules, quotas and counters of before are not in it.',
      'Export the journal without --from.'
    )
  }
}
