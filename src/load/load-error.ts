import { FloodgateError } from '../base/errors.ts'

/** A load was not begun, or what it needs does not answer. */
export class LoadError extends FloodgateError {
  readonly code = 'load'
  readonly meaning: string
  readonly remedy: string

  constructor(what: string, meaning: string, remedy: string) {
    super(what)
    this.meaning = meaning
    this.remedy = remedy
  }
}
