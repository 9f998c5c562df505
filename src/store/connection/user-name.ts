/** What most issuers use as a user id; inside it stands for itself. */
const PLAIN = /^[A-Za-z0-9_.@-]{1,64}$/
const LONGEST_BYTES = 255
// what no text may hold that reaches Postgres or a log; `u` sees lone surrogates
const UNFIT = /\p{Control}|\p{Surrogate}/u
const MARK = '='
/** begins the names of what decides without a user, such as `$system`; nobody signs in under one */
const OWN = '$'

/**
 * The name under which a user is known inside (Redis, journal, idempotency): the subject where it is plain, else `=` and
 * base64url of its UTF-8, which no plain subject can be and which holds no character that a key or a record means anything
 * by. Undefined for what is no subject: nothing, more than 255 bytes, control characters, a name of our own.
 * @param subject as the issuer wrote it
 */
export function insideUser(subject: string): string | undefined {
  if (PLAIN.test(subject)) return subject
  if (subject === '' || subject.startsWith(OWN) || UNFIT.test(subject) || Buffer.byteLength(subject) > LONGEST_BYTES)
    return undefined
  return MARK + Buffer.from(subject).toString('base64url')
}

/** The subject as the issuer wrote it. @param user a name from inside */
export function issuedUser(user: string): string {
  return user.startsWith(MARK) ? Buffer.from(user.slice(1), 'base64url').toString() : user
}

/** The name inside of a user id as Postgres holds it: the opposite of `issuedUser`, for names of our own too. */
export function storedUser(issued: string): string {
  return insideUser(issued) ?? issued
}

/** A row with the name of its user as it is inside. */
export function inside<Row extends { readonly user: string }>(row: Row): Row {
  const user = storedUser(row.user)
  return user === row.user ? row : { ...row, user }
}
