import { FloodgateError } from '../base/errors.ts'

/** The configuration is wrong: the message lists every wrong variable, what it must be, and its value. */
export class ConfigError extends FloodgateError {
  readonly code = 'configuration'
  readonly meaning = 'Nothing was done.'
  readonly remedy = 'Correct the environment variables and start again.'
}
