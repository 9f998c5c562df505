import { loadConfig } from '../../src/config/config.ts'
import { jwksBounds } from '../../src/http/auth/jwks.ts'
import { claimRules, DEVICE_MAX, type Identity, LEVEL_MAX } from '../../src/http/auth/storefront-token.ts'
import { tokenReasons } from '../../src/http/auth/token-refusal.ts'
import { code, grouped, table } from './markdown.ts'

const config = loadConfig({ TOKEN_SECRET: 'a secret of thirty-two characters' })

/** What the claims that every token needs are; a claim that is needed and not told of here is an error. */
const needed: Readonly<Record<string, string>> = {
  iss: '`TOKEN_ISSUER`, with or without a `/` at its end',
  aud: '`TOKEN_AUDIENCE`, or a list that holds it',
  exp: 'Unix seconds until which it is good, `TOKEN_LEEWAY_SECONDS` longer for clocks that differ',
  sub: 'the id of the user, a text of 1 to 255 bytes; `TOKEN_USER_CLAIM` names another claim to take it from'
}

/** Identity that a token may have, beside what identifies it. */
const optional = {
  level: `a whole number from 0 to ${grouped(LEVEL_MAX)}; 0 where there is none. What \`requires.level\` and \`weightsByLevel\` ask for`,
  registeredAt:
    'Unix seconds at which the user signed up: whether somebody counts as a new user where an invitation or an assist asks for one. Without it the latest report of a service decides, and without either nobody is new',
  device: `a text of at most ${DEVICE_MAX} characters. It is checked, and used for nothing`
} satisfies Record<keyof Omit<Identity, 'user' | 'expiresAt'>, string>

export const claimNames = [...claimRules(config).requiredClaims, 'nbf', ...Object.keys(optional)]

export function claimsTable(): string {
  const rows = claimRules(config).requiredClaims.map((name) => {
    const words = needed[name]
    if (words === undefined) throw new Error(`${name} is needed, and nothing tells what it is`)
    return [code(name), 'yes', words]
  })
  const others = Object.entries(optional).map(([name, words]) => [code(name), '', words])
  const later = 'Unix seconds before which it is not good yet, the leeway considered'
  return table(['claim', 'required', 'is'], [...rows, [code('nbf'), '', later], ...others])
}

export function reasonsTable(): string {
  return table(
    ['reason', 'means'],
    Object.entries(tokenReasons).map(([reason, words]) => [code(reason), words])
  )
}

export function keysTable(): string {
  const {
    fetchDeadlineMs,
    unknownKeyPauseMs,
    failedPauseMs,
    firstKeysPauseMs,
    refreshMs,
    documentBytes,
    keys,
    rsaBits
  } = jwksBounds
  const seconds = (ms: number) => `${grouped(ms / 1000)} s`
  const rows: Array<readonly [string, string]> = [
    ['keys are read again', `every ${seconds(refreshMs)}, by the first token that comes then`],
    ['a token with a key that is not known makes them be read', `once in ${seconds(unknownKeyPauseMs)} at most`],
    ['after a reading that failed', `tried again after ${seconds(failedPauseMs)}; the keys from before stay in use`],
    ['while no key is known at all', `tried again after ${seconds(firstKeysPauseMs)}; answers are 503 \`UNAVAILABLE\``],
    ['a reading takes at most', seconds(fetchDeadlineMs)],
    ['the document has at most', `${grouped(documentBytes)} bytes; of its keys the first ${keys} are read`],
    ['an RSA key has at least', `${grouped(rsaBits)} bits; others are skipped with a warning`]
  ]
  return table(['what', 'bound'], rows)
}
