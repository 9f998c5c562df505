import { InvalidArgumentError } from 'commander'

/** An option that takes a whole number. */
export function wholeNumber(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('Give a whole number.')
  return Number(text)
}

/** An option that may stand several times. */
export function gathered(text: string, before: readonly string[] = []): readonly string[] {
  return [...before, text]
}
