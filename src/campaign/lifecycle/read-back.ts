import { setTimeout as sleep } from 'node:timers/promises'
import type { PoolClient } from 'pg'
import { SYSTEM_USER } from '../../gate/batch/commands.ts'
import type { HashReader } from '../../gate/gate.ts'
import { type CampaignRow, changeCampaign, findCampaign, lockCampaign } from '../../store/campaigns/campaigns.ts'
import { hasOpenIntent, insertIntent } from '../../store/campaigns/intents.ts'
import { inTransaction } from '../../store/connection/transaction.ts'
import { recordAudit } from '../../store/operators/audit.ts'
import type { CampaignDeps } from '../carrying/carry-out.ts'
import { partOf } from '../carrying/split.ts'
import type { PublicationPlan } from '../change/next-version.ts'

/** A publication between preload and opening, in the form of the column `campaigns.publishing`. */
export interface Publishing extends PublicationPlan {
  readonly version: number
  readonly by: string
  readonly reason?: string | undefined
}

/** One value of Redis that differs from the definition. */
interface Difference {
  /** where there are several */
  readonly shard?: number
  readonly key: string
  readonly field: string
  readonly expected: string
  readonly found: string | null
}

function expectedValues(preload: PublicationPlan['preload']): Map<string, Map<string, string>> {
  const expected = new Map<string, Map<string, string>>()
  const expect = (key: string, field: string, value: string) => {
    const fields = expected.get(key) ?? new Map<string, string>()
    fields.set(field, value)
    expected.set(key, fields)
  }
  for (const [key, field, value] of preload.puts) expect(key, field, value)
  for (const [key, field, delta] of preload.adds) {
    expect(key, field, String(delta))
    expect(key, field.replace(/:remaining$/, ':total'), String(delta))
  }
  return expected
}

/**
 * Reads back what was preloaded and compares it with the definition.
 * @throws UnavailableError when Redis does not answer in time
 */
async function compareBack(gate: CampaignDeps['gate'], preload: PublicationPlan['preload']): Promise<Difference[]> {
  const count = gate.numbers.length
  const all = await Promise.all(gate.numbers.map((shard) => compareIn(gate, partOf(preload, { shard, count }), shard)))
  return all.flatMap((differences, shard) =>
    count === 1 ? differences : differences.map((one) => ({ shard, ...one }))
  )
}

async function compareIn(gate: HashReader, preload: PublicationPlan['preload'], shard: number): Promise<Difference[]> {
  const expected = expectedValues(preload)
  const keys = [...expected.keys()]
  const found = await gate.read(keys, shard)
  const differences: Difference[] = []
  for (const [index, key] of keys.entries()) {
    for (const [field, value] of expected.get(key) ?? []) {
      const actual = found[index]?.[field] ?? null
      if (actual !== value) differences.push({ key, field, expected: value, found: actual })
    }
  }
  return differences
}

const SETTLE_MS = 6000
const PAUSE_MS = 50

/**
 * Stock is added when its frame is settled, a moment after the journal has the frame: differences get that moment.
 * @returns undefined when another process has opened the campaign meanwhile, which looks like a difference too
 */
async function readBack(
  deps: CampaignDeps,
  campaign: string,
  { preload, version }: Publishing
): Promise<Difference[] | undefined> {
  const until = Date.now() + SETTLE_MS
  for (;;) {
    const differences = await compareBack(deps.gate, preload)
    if (differences.length === 0) return differences
    // read in this order: the values that were read back are older than this row
    const row = await findCampaign(deps.pool, campaign)
    if (row?.review !== 'publishing' || row.version !== version) return undefined
    if (Date.now() > until) return differences
    await sleep(PAUSE_MS)
  }
}

/** How far a publication is. */
export type PublicationStep =
  /** this intent opens it */
  | { readonly step: 'opening'; readonly intent: number }
  /** the preload is not carried out yet */
  | { readonly step: 'preloading' }
  /** what was read back differs: the campaign stays closed */
  | { readonly step: 'different'; readonly differences: Difference[] }
  /** nothing is being published */
  | { readonly step: 'none' }

/** Puts the rules in force and writes the intent that opens them, under the campaign's lock. @returns the intent */
async function open(
  client: PoolClient,
  row: CampaignRow,
  publishing: Publishing & { readonly now: number }
): Promise<number> {
  const { version, by, reason, rules } = publishing
  const intent = await insertIntent(client, {
    campaign: row.id,
    activity: '',
    user: SYSTEM_USER,
    type: 'campaign.published',
    puts: publishing.open,
    adds: [],
    request: JSON.stringify({ by, reason, version }),
    by
  })
  await changeCampaign(client, row.id, {
    review: 'published',
    rules,
    publishing: null,
    publishedVersion: version,
    publishedAt: row.publishedAt ?? new Date(publishing.now)
  })
  await recordAudit(client, {
    operator: by,
    action: 'campaign.published',
    target: `campaign:${row.id}`,
    reason,
    before: { version: row.publishedVersion },
    after: { version }
  })
  return intent
}

/**
 * The second half of a publication: once the preload is carried out, reads it back, and only if it equals the definition
 * writes the intent that opens the campaign. Any process may call it, any number of times.
 * @throws UnavailableError when Redis does not answer in time
 */
export async function readBackAndOpen(deps: CampaignDeps, campaign: string): Promise<PublicationStep> {
  const before = await findCampaign(deps.pool, campaign)
  if (before?.review !== 'publishing') return { step: 'none' }
  if (await hasOpenIntent(deps.pool, campaign, SYSTEM_USER)) {
    // another process may have read back meanwhile, and what is open is the intent that opens the campaign
    const now = await findCampaign(deps.pool, campaign)
    return { step: now?.review === 'publishing' ? 'preloading' : 'none' }
  }
  const publishing = before.publishing as Publishing
  const differences = await readBack(deps, campaign, publishing)
  if (differences === undefined) return { step: 'none' }
  if (differences.length > 0) return { step: 'different', differences }
  return inTransaction(deps.pool, async (client) => {
    const row = await lockCampaign(client, campaign)
    if (row?.review !== 'publishing' || row.version !== publishing.version) return { step: 'none' }
    return { step: 'opening', intent: await open(client, row, { ...publishing, now: (deps.now ?? Date.now)() }) }
  })
}
