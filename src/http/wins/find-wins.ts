import type pg from 'pg'
import { fromStore } from '../../base/deadline.ts'
import { findAny } from '../../campaign/actions/find-in-both.ts'
import type { LiveWin, UserReader } from '../../gate/gate.ts'
import { decodeWin } from '../../record/win.ts'
import { findWin, type StoredWin, winsOfUser } from '../../store/reading/wins.ts'
import { type ItemPage, type ItemReader, type PageRequest, unite } from '../wire/pages.ts'

/** A win and its user. */
export type FoundWin = LiveWin & { readonly user: string }

const reader: ItemReader<LiveWin> = {
  placeOf: ({ win }) => ({ at: win.wonAt, id: win.id }),
  campaignOf: ({ win }) => win.campaign
}

/** A win of Postgres in the form of Redis; all that Postgres has is journaled. */
function journaled({ id, record }: StoredWin): LiveWin {
  return { win: decodeWin(id, record), journaled: true }
}

/** Reads wins from Redis and Postgres, in the same order as orders. */
export function createWinFinder(gate: UserReader, pool: pg.Pool) {
  async function list(user: string, page: PageRequest): Promise<ItemPage<LiveWin>> {
    const live = await gate.winsOf(user)
    const stored = await fromStore(winsOfUser(pool, user, { ...page, limit: page.limit + 1 }))
    return unite({ live, stored: stored.map(journaled) }, page, reader)
  }

  return {
    /** A page of the user's wins, including revoked ones. @throws UnavailableError */
    list,

    /** A win of this user; undefined if there is none or it belongs to another user. @throws UnavailableError */
    async find(user: string, id: string): Promise<LiveWin | undefined> {
      const live = await gate.winOf(user, id)
      if (live !== undefined) return live
      const stored = await fromStore(findWin(pool, id))
      return stored?.user === user ? journaled(stored) : undefined
    },

    /** A win of any user; see findAny. @throws UnavailableError */
    findAny: (id: string): Promise<FoundWin | undefined> =>
      findAny({
        stored: () => fromStore(findWin(pool, id)),
        ownerOf: () => gate.ownerOf(id),
        live: (user) => gate.winOf(user, id),
        journaled
      })
  }
}

export type WinFinder = ReturnType<typeof createWinFinder>
