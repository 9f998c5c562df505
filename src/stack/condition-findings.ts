import type pg from 'pg'
import { messageOf } from '../base/errors.ts'
import { type Condition, conditionTable, judge, mergeConditions, runbookEntry } from '../health/conditions.ts'
import { ownerVerdicts, storeVerdicts } from '../health/store-verdicts.ts'
import { deployedShards } from '../store/shard/deployment.ts'
import { readStoreFacts } from '../store/shard/health.ts'
import type { Finding } from './checks.ts'

/** A condition as /readyz shows it. */
export type ShownCondition = Pick<Condition, 'name' | 'ok'>

/**
 * The conditions from the gateway and, with reasons, from Postgres. Without a gateway those that only a gateway knows are
 * left out.
 * @param shown undefined when no gateway answered
 */
export async function conditionFindings(
  pool: pg.Pool,
  shown: readonly ShownCondition[] | undefined
): Promise<Finding[]> {
  const read = await fromPostgres(pool)
  const findings = conditionTable.flatMap((row): Finding[] => {
    const asked: readonly string[] = row.sources
    const stored = asked.includes('process') ? undefined : read.find(({ name }) => name === row.name)
    const gateway = shown?.find(({ name }) => name === row.name)
    if (stored?.ok !== false && gateway?.ok !== false) return []
    const detail = stored?.ok === false ? stored.detail : 'the gateway says so; /admin/v1/health says why'
    const advice = `Not true now: "${row.meaning}" See ${runbookEntry(row.name)}`
    return [{ part: 'Condition', ok: false, text: `${row.name}: ${detail}`, advice }]
  })
  if (findings.length > 0) return findings
  const seen = shown === undefined ? 'those that Postgres knows of hold' : `all ${shown.length} hold`
  return [{ part: 'Conditions', ok: true, text: seen }]
}

async function fromPostgres(pool: pg.Pool): Promise<Condition[]> {
  const process = { silent: 'only a gateway knows' }
  try {
    const shards = await deployedShards(pool)
    const all = await Promise.all(
      shards.map(async (shard) => {
        const facts = await readStoreFacts(pool, shard)
        const conditions = judge({ process, store: storeVerdicts(facts), owner: ownerVerdicts(facts.workers) })
        return { who: `shard ${shard}`, conditions }
      })
    )
    return mergeConditions(all)
  } catch (error) {
    const silent = { silent: `Postgres: ${messageOf(error)}` }
    return judge({ process, store: silent, owner: silent })
  }
}
