import { type Static, Type } from 'typebox'
import { Time } from '../wire/schemas.ts'

/** The one request that a challenge and its ticket are for. */
export interface Intention {
  readonly campaign: string
  readonly activity: string
  readonly user: string
  /** the Idempotency-Key */
  readonly key: string
}

export const Challenge = Type.Object(
  {
    token: Type.String({ description: 'the challenge itself, signed: it goes back with the solution' }),
    algorithm: Type.Literal('sha256'),
    nonce: Type.String(),
    puzzles: Type.Integer({ description: 'how many numbers are asked for' }),
    difficulty: Type.Integer({ description: 'how many hashes a puzzle takes on average' }),
    expiresAt: Time
  },
  { title: 'Challenge' }
)
export type Challenge = Static<typeof Challenge>

const PUZZLES_MAX = 64
export const Solution = Type.Array(Type.Integer({ minimum: 0, maximum: 2 ** 32 - 1 }), {
  minItems: 1,
  maxItems: PUZZLES_MAX,
  description:
    'for each puzzle a number with which SHA-256 of nonce, number of the puzzle (one byte, from 0) and this number (four bytes, the highest ' +
    'first) begins with four bytes that make a number below 2^32 / difficulty'
})
export type Solution = Static<typeof Solution>

/**
 * What somebody does for a ticket. Something else can be put in this place, for instance a CAPTCHA of a service that tells people from
 * bots: what it shows is its `Challenge`, what comes back its `Solution`. Neither may rest on what a gateway remembers: the next request may
 * go to another one.
 */
export interface Challenger {
  issue(secret: Buffer, intention: Intention): Challenge
  /** Whether this is a solution, in time, of a challenge that was issued for just this intention. Rubbish must cost little. */
  check(
    secret: Buffer,
    intention: Intention,
    answer: { readonly challenge: string; readonly solution: Solution }
  ): boolean | Promise<boolean>
}
