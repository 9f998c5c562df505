import { FloodgateError, systemCodeOf, textOf } from '../base/errors.ts'

/** No connection, no such file, ...; of Postgres: wrong password, no such database, still starting. */
const OUTSIDE = /^(E[A-Z]+|28P01|28000|3D000|57P03)$/

/** What a command that failed says: anything but our own errors and those of the world is a fault of ours, with its trace. */
export function failureText(error: unknown): string {
  if (error instanceof FloodgateError) return `floodgate: ${textOf(error)}\n`
  const isOfNats = error instanceof Error && error.name === 'NatsError'
  if (isOfNats || OUTSIDE.test(systemCodeOf(error))) {
    return `floodgate: ${isOfNats ? 'NATS: ' : ''}${textOf(error)}\n  A server or a file cannot be used.\n  See which: npx floodgate doctor\n`
  }
  return `floodgate: unexpected: ${error instanceof Error ? error.stack : String(error)}\n`
}
