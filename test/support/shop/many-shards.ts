import type { Test } from 'tap'
import { shardOf } from '../../../src/base/shards.ts'
import { slotOf } from '../../../src/gate/redis/cluster-map.ts'
import { readShard } from '../../../src/store/shard/shards.ts'
import { waitFor } from '../wait.ts'
import { buy, insist } from './core.ts'
import { assertWhole, decisionOf, type Shop } from './shop.ts'

// A shop of several shards, shard by shard.

export const slotOfShard = ({ shards }: Shop, shard: number) => slotOf(shards[shard]?.prefix ?? '')

export const isOpen = ({ shards }: Shop, shard: number) => shards[shard]?.watch.current() !== undefined

export const epochsOf = ({ core, gate }: Shop) =>
  Promise.all(gate.numbers.map(async (shard) => (await readShard(core.pool, shard))?.epoch ?? 0))

/** Asserts that just these shards were opened since, and that every shard is whole. */
export async function assertOpenedAgain(
  t: Test,
  shop: Shop,
  { before, expected }: { readonly before: readonly number[]; readonly expected: readonly number[] }
): Promise<void> {
  const after = await epochsOf(shop)
  const opened = shop.gate.numbers.filter((shard) => after[shard] !== before[shard])
  t.same(opened, expected, 'no other shard was opened again')
  await assertWhole(t, shop)
}

/** Servers that were lost are away for minutes on a busy machine. */
export const PATIENT_MS = 600_000

export interface Buyers {
  /** how many units were bought so far, by shard */
  readonly counts: readonly number[]
  /** @returns once the last one has bought */
  end(): Promise<void>
}

/** Two buyers of each shard buy one unit after the other, always for a new user, and never give up. */
export function keepBuying(shop: Shop, name = 'user'): Buyers {
  const counts = shop.gate.numbers.map(() => 0)
  let isOver = false
  const buyers = [0, 1].flatMap((buyer) =>
    shop.gate.numbers.map(async (shard) => {
      for (let n = 0; !isOver; n += 1) {
        const user = `${name}-${buyer}-${n}`
        if (shardOf(user, counts.length) !== shard) continue
        decisionOf(await insist(() => shop.gate.submit(buy(shop.sale, user)), PATIENT_MS))
        counts[shard] = (counts[shard] ?? 0) + 1
      }
    })
  )
  return {
    counts,
    async end() {
      isOver = true
      await Promise.all(buyers)
    }
  }
}

/** Each of these shards sells. */
export async function goOn({ counts }: Buyers, shards: readonly number[]): Promise<void> {
  const had = [...counts]
  await waitFor(() => shards.every((shard) => (counts[shard] ?? 0) >= (had[shard] ?? 0) + 5), {
    what: `shards ${shards} to sell on`,
    deadlineMs: PATIENT_MS
  })
}
