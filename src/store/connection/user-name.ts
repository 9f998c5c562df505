/** A subject as most issuers write it; inside the program it is used unchanged. */
const PLAIN = /^[A-Za-z0-9_.@-]{1,64}$/
const LONGEST_BYTES = 255
// characters that no text may hold that reaches Postgres or a log; `u` also finds lone surrogates
const UNFIT = /\p{Control}|\p{Surrogate}/u
const MARK = '='
/** begins the names of what decides without a user, such as `$system`; nobody can sign in under such a name */
const OWN = '$'

/**
 * The name under which the program knows a user (Redis, journal, idempotency): the subject where it is plain, else `=` and
 * base64url of its UTF-8. No plain subject looks like that, and it holds no character that has a meaning in a key or a record.
 * Undefined for what is no subject: an empty text, more than 255 bytes, control characters, a name that begins with `$`.
 * @param subject as the issuer wrote it
 */
export function insideUser(subject: string): string | undefined {
  if (PLAIN.test(subject)) return subject
  if (subject === '' || subject.startsWith(OWN) || UNFIT.test(subject) || Buffer.byteLength(subject) > LONGEST_BYTES)
    return undefined
  return MARK + Buffer.from(subject).toString('base64url')
}

/** The subject as the issuer wrote it. @param user the name inside the program */
export function issuedUser(user: string): string {
  return user.startsWith(MARK) ? Buffer.from(user.slice(1), 'base64url').toString() : user
}

/** The name inside the program of a user id from Postgres: the opposite of `issuedUser`, for names that begin with `$` too. */
export function storedUser(issued: string): string {
  return insideUser(issued) ?? issued
}

/** A row whose user has the name inside the program. */
export function inside<Row extends { readonly user: string }>(row: Row): Row {
  const user = storedUser(row.user)
  return user === row.user ? row : { ...row, user }
}
