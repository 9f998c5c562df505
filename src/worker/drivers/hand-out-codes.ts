import type { Pool } from 'pg'
import type { Logger } from 'pino'
import { assignCodes } from '../../store/campaigns/codes.ts'
import { claimsWithoutCodes, noteCodedClaims, type StoredClaim } from '../../store/reading/claims.ts'

const AT_ONCE = 200
const NOTED_AT_ONCE = 2000
/** The gateway that answers a claim gives it codes at once; after this time it has probably died. */
const AFTER_SECONDS = 3

interface CodeParts {
  readonly pool: Pool
  readonly shard: number
  readonly logger: Logger
}

/** Gives codes to claims that got none from a gateway. */
export class CodeDriver {
  readonly #parts: CodeParts
  /** the last claim handled, so that claims of an empty pool do not block the rest */
  #after: StoredClaim | undefined

  constructor(parts: CodeParts) {
    this.#parts = parts
  }

  /** @returns the number of claims that got their codes in this step */
  async step(): Promise<number> {
    const { pool, shard } = this.#parts
    while ((await noteCodedClaims(pool, shard, NOTED_AT_ONCE)) === NOTED_AT_ONCE);
    const due = await claimsWithoutCodes(pool, { shard, seconds: AFTER_SECONDS, most: AT_ONCE, after: this.#after })
    this.#after = due.length === AT_ONCE ? due.at(-1) : undefined
    let given = 0
    for (const claim of due) if (await this.#give(claim)) given += 1
    if (given > 0) await noteCodedClaims(pool, shard, NOTED_AT_ONCE)
    return given
  }

  /** The gate counts the codes of a pool, so a claim without a code means that codes were lost or never loaded. */
  async #give({ id, campaign, pool, quantity }: StoredClaim): Promise<boolean> {
    const codes = await assignCodes(this.#parts.pool, { claim: id, campaign, pool, quantity })
    if (codes.length >= quantity) return true
    const alarm = { alarm: 'CODES_MISSING', claim: id, campaign, pool, quantity, codes: codes.length }
    this.#parts.logger.error(alarm, 'a claim cannot get its codes: the pool has fewer than the gate counted')
    return false
  }
}
