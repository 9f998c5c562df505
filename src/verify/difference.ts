import { FloodgateError } from '../base/errors.ts'

/** A decision is not what it must be. */
export class Difference extends FloodgateError {
  readonly code = 'difference'
  readonly meaning = 'The decision was changed, or the rules were not kept.'
  readonly remedy = 'Keep the file, and compare it with another export.'
  readonly expected: string
  readonly found: string

  constructor(what: string, expected: unknown, found: unknown) {
    super(what)
    this.expected = textOf(expected)
    this.found = textOf(found)
  }
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value || '(nothing)' : JSON.stringify(value)
}

/** @throws Difference when the two differ */
export function mustEqual(what: string, expected: string | number, found: string | number | undefined): void {
  if (expected !== found) throw new Difference(what, expected, found ?? '')
}

/** @throws Difference when what was found is none of what may be */
export function mustBe(condition: boolean, what: string, parts: { expected: string; found: unknown }): void {
  if (!condition) throw new Difference(what, parts.expected, parts.found)
}
