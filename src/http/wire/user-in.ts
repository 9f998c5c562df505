import { insideUser } from '../../store/connection/user-name.ts'
import { ProblemError } from '../problems/problems.ts'

/** The error for a text that cannot name a user. */
export const NO_USER = 'must be the id of a user as issued: 1 to 255 bytes without control characters'

/** The internal name of a user in a path. @throws ProblemError NOT_FOUND for a text that cannot name a user */
export function userOfPath(issued: string): string {
  const user = insideUser(issued)
  if (user === undefined) throw new ProblemError('NOT_FOUND')
  return user
}

/** The internal name of a user in a body. @throws ProblemError VALIDATION for a text that cannot name a user */
export function userOfBody(issued: string, pointer: string): string {
  const user = insideUser(issued)
  if (user === undefined) throw new ProblemError('VALIDATION', { errors: [{ pointer, detail: NO_USER }] })
  return user
}

/** The internal name of a user in a query, if it has one. @throws ProblemError VALIDATION for a text that cannot name a user */
export function userOfQuery(issued: string | undefined): string | undefined {
  return issued === undefined ? undefined : userOfBody(issued, '/user')
}
