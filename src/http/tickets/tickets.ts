import type { Pool } from 'pg'
import type { Config } from '../../config/config.ts'
import { secretOf } from '../wire/deployment-secret.ts'
import type { Challenge, Challenger, Intention, Solution } from './challenge.ts'
import { Price } from './price.ts'
import { createProofOfWork } from './proof-of-work.ts'
import { isSame, sign } from './signature.ts'

/** long enough to wait for an opening with it, too short to lay in a stock */
const LIFE_MS = 300_000
const TICKET = /^([0-9a-z]{1,9})\.([\w-]{43})$/

interface Ticket {
  readonly ticket: string
  /** ms since 1970 */
  readonly expiresAt: number
}

interface TicketOptions {
  readonly pool: Pool
  readonly config: Pick<Config, 'TICKET_WORK_MS' | 'TICKET_WORK_MAX_MS' | 'KEY_RETENTION'>
  /** ms since 1970 */
  readonly now: () => number
  /** what has to be done for a ticket; absent: a proof of work */
  readonly challenger?: Challenger
}

/**
 * Gives tickets and checks them. A ticket is the signature of one intention and of its own end: campaign, activity, user and key, and a key is
 * decided once, so a ticket is used once although nobody notes its use. It never outlives the memory of its key.
 *
 * The secret is one of the deployment, made when it is first needed, so there is nothing to configure: all gateways read it from Postgres once.
 * Each method throws an UnavailableError while it was never read and Postgres does not answer.
 */
export class Tickets {
  readonly #secret: () => Promise<Buffer>
  readonly #now: () => number
  readonly #price: Price
  readonly #challenger: Challenger
  readonly #lifeMs: number

  constructor({ pool, config, now, challenger }: TicketOptions) {
    const { TICKET_WORK_MS: leastMs, TICKET_WORK_MAX_MS: mostMs, KEY_RETENTION } = config
    this.#secret = () => secretOf(pool, 'tickets')
    this.#now = now
    this.#price = new Price({ leastMs, mostMs, now })
    this.#challenger = challenger ?? createProofOfWork({ work: () => this.#price.hashes, now })
    this.#lifeMs = Math.min(LIFE_MS, KEY_RETENTION * 1000)
  }

  /** Reads the secret before the first ticket needs it: Postgres may be away then. */
  prepare(): void {
    // ignored: the first ticket asks again
    this.#secret().catch(() => undefined)
  }

  async challenge(intention: Intention): Promise<Challenge> {
    return this.#challenger.issue(await this.#secret(), intention)
  }

  /** The ticket for a solution; undefined for one that is wrong, late, or of another intention's challenge. */
  async exchange(
    intention: Intention,
    answer: { readonly challenge: string; readonly solution: Solution }
  ): Promise<Ticket | undefined> {
    const secret = await this.#secret()
    if (!(await this.#challenger.check(secret, intention, answer))) return undefined
    this.#price.count(answer.challenge)
    const expiresAt = this.#now() + this.#lifeMs
    const expires = expiresAt.toString(36)
    return { ticket: `${expires}.${signed(secret, intention, expires)}`, expiresAt }
  }

  /** Whether a ticket was given for this intention, and still counts. */
  async isValid(intention: Intention, ticket: string): Promise<boolean> {
    const [, expires = '', signature = ''] = TICKET.exec(ticket) ?? []
    if (signature === '') return false
    const isGiven = isSame(signed(await this.#secret(), intention, expires), signature)
    return isGiven && this.#now() < Number.parseInt(expires, 36)
  }
}

function signed(secret: Buffer, { campaign, activity, user, key }: Intention, expires: string): string {
  return sign(secret, ['ticket', campaign, activity, user, key, expires])
}
