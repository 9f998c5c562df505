import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { shardNumbers } from '../../src/base/shards.ts'
import type { Books } from '../support/judging/books.ts'
import type { Wish } from '../support/load/crowd.ts'
import { testShards } from '../support/servers/servers.ts'
import type { Stack } from '../support/servers/stack.ts'
import { waitFor } from '../support/wait.ts'

/** A stack with its books open. */
export interface Fair {
  readonly stack: Stack
  readonly books: Books
}

const cli = fileURLToPath(new URL('../../src/cli.js', import.meta.url))

const window = () => ({
  timezone: 'Asia/Shanghai',
  opensAt: new Date(Date.now() - 3_600_000).toISOString(),
  closesAt: new Date(Date.now() + 3_600_000).toISOString()
})

export const quotas = { first: 1, second: 10, third: 100 }

/** A spin costs ten points; so many prizes are in the wheel that 20,000 spins exhaust every quota. */
export function wheelCampaign(id: string) {
  const prize = (name: keyof typeof quotas, tier: number, weight: number) => ({
    id: name,
    tier,
    title: name,
    type: 'physical',
    quota: quotas[name],
    weight
  })
  return {
    id,
    title: 'Wheel',
    ...window(),
    units: { points: { scope: 'campaign' } },
    activities: [
      {
        id: 'wheel',
        kind: 'draw',
        title: 'Wheel',
        cost: { points: 10 },
        fallback: 'thanks',
        prizes: [
          prize('first', 1, 10),
          prize('second', 2, 50),
          prize('third', 3, 200),
          { id: 'thanks', tier: 9, title: 'Thanks', type: 'nothing', quota: null, weight: 740 }
        ]
      }
    ]
  }
}

/** Tickets with a code for 500 points, and a wheel for ten. */
export function mallCampaign(id: string, stock: number) {
  return {
    id,
    title: 'Mall',
    ...window(),
    units: { points: { scope: 'campaign' } },
    activities: [
      {
        id: 'ticket',
        kind: 'redemption',
        title: 'Ticket',
        cost: { points: 500 },
        stock,
        unitsPerUser: 1,
        pool: 'tickets'
      },
      {
        id: 'wheel',
        kind: 'draw',
        title: 'Wheel',
        cost: { points: 10 },
        fallback: 'thanks',
        prizes: [{ id: 'thanks', tier: 9, title: 'Thanks', type: 'nothing', quota: null, weight: 1 }]
      }
    ]
  }
}

async function upload(stack: Stack, path: string, body: { key: string; type: string; text: string }): Promise<void> {
  const { adminUrl, operators } = stack.file()
  const response = await fetch(`${adminUrl}/admin/v1${path}`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${Object.values(operators)[0]}`,
      'content-type': body.type,
      'idempotency-key': body.key
    },
    body: body.text
  })
  const text = await response.text()
  if (!response.ok) throw new Error(`${path} was refused: ${response.status} ${text}`)
}

/** Points for many users, as operators hand them out in bulk; resolves once all are stored. */
export async function grantPoints(
  { stack, books }: Fair,
  { campaign, users, points }: { campaign: string; users: readonly string[]; points: number }
): Promise<void> {
  const lines = users.map((user) => `${user},points,${points},grant-${campaign}-${user}`)
  await upload(stack, `/campaigns/${campaign}/grants?reason=test`, {
    key: `grants-${campaign}`,
    type: 'text/csv',
    text: `user,unit,amount,reference\n${lines.join('\n')}\n`
  })
  const credited = async () => {
    const [row] = await books.rows<{ count: number }>(
      "select count(*)::float8 as count from ledger where campaign_id = $1 and type = 'balance.credited'",
      [campaign]
    )
    return row?.count === users.length
  }
  await waitFor(credited, { what: `${users.length} grants to be stored` })
}

/** Loads distinct codes into the pool `tickets`; resolves once the gate can give them out. */
export async function loadCodes({ stack, books }: Fair, campaign: string, count: number): Promise<void> {
  const codes = Array.from({ length: count }, (_, number) => `CODE-${number.toString(36).padStart(6, '0')}`)
  await upload(stack, `/campaigns/${campaign}/pools/tickets/codes`, {
    key: `codes-${campaign}`,
    type: 'text/plain',
    text: `${codes.join('\n')}\n`
  })
  const available = async () =>
    Number((await books.hash(`s:${campaign}:pool/tickets`))['codes:remaining'] ?? 0) === count
  await waitFor(available, { what: `${count} codes to be there` })
}

export function spins(campaign: string, users: readonly string[], each: number): Wish[] {
  return users.flatMap((user) =>
    Array.from({ length: each }, (_, turn) => ({
      user,
      key: `spin-${campaign}-${user}-${turn}`,
      path: `${campaign}/draws/wheel/spins`,
      body: {}
    }))
  )
}

/** Ends a campaign, which reveals the seed, exports its journal and has every spin of `wheel` recomputed. @returns how many */
export async function verifyDraw({ stack }: Fair, campaign: string, folder: string): Promise<number> {
  const ended = await stack.admin({
    method: 'POST',
    path: `/admin/v1/campaigns/${campaign}/end`,
    body: { reason: 'over' }
  })
  if (ended.status >= 300) throw new Error(`The campaign was not ended: ${JSON.stringify(ended.body)}`)
  const { databaseUrl } = stack.file()
  const env = { ...process.env, FLOODGATE_HOME: stack.home, DATABASE_URL: databaseUrl }
  const run = (...args: string[]) => promisify(execFile)(process.execPath, [cli, ...args], { env, maxBuffer: 2 ** 30 })
  let count = 0
  for (const shard of shardNumbers(testShards)) {
    const { stdout } = await run('export', 'journal', '--campaign', campaign, '--shard', String(shard))
    const file = join(folder, `journal-${shard}.ndjson`)
    writeFileSync(file, stdout)
    const verdict = (await run('verify-draw', file, '--campaign', campaign, '--draw', 'wheel')).stdout
    count += Number(/spins +([\d,]+) by/.exec(verdict)?.[1]?.replaceAll(',', ''))
  }
  return count
}
