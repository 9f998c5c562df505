import { FloodgateError } from '../../base/errors.ts'

/** The database cannot be used as it is. Waiting does not help. */
export class SchemaError extends FloodgateError {
  readonly code: string = 'schema'
  readonly meaning: string = 'Nothing was changed, and nothing can run on this database as it is.'
  readonly remedy: string

  constructor(what: string, remedy: string, options?: ErrorOptions) {
    super(what, options)
    this.remedy = remedy
  }
}

/** A pooler between this process and Postgres keeps no sessions. */
export class PoolerError extends SchemaError {
  override readonly code = 'pooler'
  override readonly meaning =
    "Floodgate's locks and settings live as long as a connection; behind a pooler in transaction or statement mode orders " +
    'would be confirmed and not stored.'
}
