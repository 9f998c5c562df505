import { FloodgateError } from '../../base/errors.ts'
import { momentOf, NO_MOMENT } from '../../base/moment.ts'

/** The value of an adjustment is valid and contradicts the rules in force; `pointer` is its place in the body. */
export class Contradiction extends FloodgateError {
  readonly code = 'contradiction'
  readonly meaning = 'The adjustment is refused; nothing was changed.'
  readonly remedy = 'Correct the field that the pointer names.'
  readonly pointer: string
  constructor(pointer: string, detail: string) {
    super(detail)
    this.pointer = pointer
  }
}

/** @throws Contradiction where the calendar has no such moment */
export function momentAt(text: string, pointer: string): number {
  const value = momentOf(text)
  if (value === undefined) throw new Contradiction(pointer, NO_MOMENT)
  return value
}
