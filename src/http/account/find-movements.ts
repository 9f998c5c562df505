import type pg from 'pg'
import { fromStore } from '../../base/deadline.ts'
import type { UnstoredDecision, UserReader } from '../../gate/gate.ts'
import { balanceOf } from '../../record/fields.ts'
import { decodeRedemption } from '../../record/reports/redemption.ts'
import { claimsOfUser, type StoredClaim } from '../../store/reading/claims.ts'
import { type LedgerEntry, type LedgerPlace, ledgerOfUser } from '../../store/reading/ledger.ts'
import { compareNewest, type ItemPage, type ItemReader, type PageRequest, unite } from '../wire/pages.ts'

/** A claim or a ledger entry, and whether it is journaled; one that is not can still vanish. */
export type Live<Item> = Item & { readonly journaled: boolean }

const claimReader: ItemReader<Live<StoredClaim>> = {
  placeOf: ({ acceptedAt, id }) => ({ at: acceptedAt.getTime(), id }),
  campaignOf: ({ campaign }) => campaign
}

/** Newest first; the entries of one decision in the order of Postgres. */
function compareEntries(a: LedgerPlace, b: LedgerPlace): number {
  const descending = (x: string, y: string) => (x === y ? 0 : x < y ? 1 : -1)
  return compareNewest(a, b) || descending(a.scope, b.scope) || descending(a.unit, b.unit)
}

const ledgerReader: ItemReader<Live<LedgerEntry>, LedgerPlace> = {
  placeOf: ({ at, id, scope, unit }) => ({ at: at.getTime(), id, scope, unit }),
  campaignOf: ({ campaign }) => campaign,
  nameOf: ({ id, scope, unit }) => `${id} ${scope} ${unit}`,
  compare: compareEntries
}

function claimOf(user: string, decision: UnstoredDecision): Live<StoredClaim> {
  const { id, campaign, activity, at, report, journaled } = decision
  const { quantity, pool, unit, cost } = decodeRedemption(report)
  return { id, user, campaign, activity, quantity, unit, cost, pool, acceptedAt: new Date(at), journaled }
}

function entriesOf({ id, type, campaign, activity, at, moved, journaled }: UnstoredDecision): Array<Live<LedgerEntry>> {
  return Object.entries(moved).flatMap(([field, delta]) => {
    const balance = delta === 0 ? undefined : balanceOf(field)
    return balance === undefined
      ? []
      : [{ id, type, campaign, activity, ...balance, delta, at: new Date(at), journaled }]
  })
}

const stored = <Item extends object>(items: readonly Item[]) => items.map((item) => ({ ...item, journaled: true }))

/**
 * Reads claims and ledger entries: first those that the worker has not stored yet, then those of Postgres. Redis is asked
 * first: an entry that leaves Redis between the two reads is in Postgres by the second one.
 */
export function createMovementFinder(gate: UserReader, pool: pg.Pool) {
  return {
    /** A page of the user's claims. @throws UnavailableError */
    async claims(user: string, page: PageRequest): Promise<ItemPage<Live<StoredClaim>>> {
      const waiting = await gate.unstoredOf(user)
      const known = await fromStore(claimsOfUser(pool, user, { ...page, limit: page.limit + 1 }))
      const live = waiting.filter(({ type }) => type === 'claim.accepted').map((decision) => claimOf(user, decision))
      return unite({ live, stored: stored(known) }, page, claimReader)
    },

    /** A page of the user's ledger entries. @throws UnavailableError */
    async ledger(user: string, page: PageRequest<LedgerPlace>): Promise<ItemPage<Live<LedgerEntry>, LedgerPlace>> {
      const waiting = await gate.unstoredOf(user)
      const known = await fromStore(ledgerOfUser(pool, user, { ...page, limit: page.limit + 1 }))
      return unite({ live: waiting.flatMap(entriesOf), stored: stored(known) }, page, ledgerReader)
    }
  }
}

export type MovementFinder = ReturnType<typeof createMovementFinder>
