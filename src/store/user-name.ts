/** What most issuers use as a user id; inside it stands for itself. */
const PLAIN = /^[A-Za-z0-9_.@-]{1,64}$/
const LONGEST_BYTES = 255
// what no text may hold that reaches Postgres or a log; `u` sees lone surrogates
const UNFIT = /\p{Control}|\p{Surrogate}/u
const MARK = '='

/**
 * The name under which a user is known inside (Redis, journal, idempotency): the subject where it is plain, else `=` and
 * base64url of its UTF-8, which no plain subject can be and which holds no character that a key or a record means anything
 * by. Undefined for what is no subject: nothing, more than 255 bytes, control characters.
 * @param subject as the issuer wrote it
 */
export function insideUser(subject: string): string | undefined {
  if (PLAIN.test(subject)) return subject
  if (subject === '' || UNFIT.test(subject) || Buffer.byteLength(subject) > LONGEST_BYTES) return undefined
  return MARK + Buffer.from(subject).toString('base64url')
}

/** The subject as the issuer wrote it. @param user a name from inside */
export function issuedUser(user: string): string {
  return user.startsWith(MARK) ? Buffer.from(user.slice(1), 'base64url').toString() : user
}
