import { createHash, randomBytes } from 'node:crypto'
import { isoTime } from '../../base/iso-time.ts'
import type { Challenger, Intention } from './challenge.ts'
import { isSame, sign } from './signature.ts'

/**
 * The time to solve one puzzle scatters as widely as its mean, that of sixteen a quarter of it: so a slow phone is not unlucky for ten
 * seconds. More of them cost the gateway more: it hashes once for each.
 */
const PUZZLES = 16
const LIFE_MS = 120_000
const NONCE_BYTES = 16
const TOKEN = /^([0-9a-z]{1,9})\.(\d{1,10})\.(\d{1,2})\.([\w-]{22})\.([\w-]{43})$/
const RANGE = 2 ** 32

/** As they stand in the token, so that no other spelling of a number is signed alike. */
type Terms = readonly [expires: string, difficulty: string, puzzles: string, nonce: string]

function signed(secret: Buffer, { campaign, activity, user, key }: Intention, terms: Terms): string {
  return sign(secret, ['challenge', campaign, activity, user, key, ...terms])
}

/** The first four bytes of a puzzle's hash as a number. @param place text and room, used again for each puzzle */
function hashOf(place: Buffer, puzzle: number, value: number): number {
  const end = place.length
  place.writeUInt8(puzzle, end - 5)
  place.writeUInt32BE(value, end - 4)
  return createHash('sha256').update(place).digest().readUInt32BE()
}

function solves(solution: readonly number[], [, difficulty, puzzles, nonce]: Terms): boolean {
  if (solution.length !== Number(puzzles)) return false
  const place = Buffer.concat([Buffer.from(nonce), Buffer.alloc(5)])
  const bound = RANGE / Number(difficulty)
  return solution.every((value, puzzle) => hashOf(place, puzzle, value) < bound)
}

/**
 * Puzzles that only trying solves. All that a gateway has to know of a challenge is in its signed token, so nothing is stored. Rubbish
 * costs one HMAC, and a solution one hash for each puzzle up to the first that is wrong. (Rejected: scrypt and Argon2, 30 ms of the gateway
 * for a check, with which anybody could stop it; ALTCHA, whose newest format is one of these.)
 * @param work how many hashes a challenge that is issued now takes on average
 */
export function createProofOfWork({
  work,
  now
}: {
  readonly work: () => number
  readonly now: () => number
}): Challenger {
  return {
    issue(secret, intention) {
      const difficulty = Math.max(1, Math.round(work() / PUZZLES))
      const nonce = randomBytes(NONCE_BYTES).toString('base64url')
      const end = now() + LIFE_MS
      const terms: Terms = [end.toString(36), String(difficulty), String(PUZZLES), nonce]
      const token = [...terms, signed(secret, intention, terms)].join('.')
      return { token, algorithm: 'sha256', nonce, puzzles: PUZZLES, difficulty, expiresAt: isoTime(end) }
    },

    check(secret, intention, { challenge, solution }) {
      const [, expires = '', difficulty = '', puzzles = '', nonce = '', signature = ''] = TOKEN.exec(challenge) ?? []
      const terms: Terms = [expires, difficulty, puzzles, nonce]
      if (!isSame(signed(secret, intention, terms), signature)) return false
      return now() < Number.parseInt(expires, 36) && solves(solution, terms)
    }
  }
}
