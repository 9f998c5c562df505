import type { Silence, Verdicts } from './conditions.ts'

/** What one statement reads in Postgres. */
export interface StoreFacts {
  /** a standby after a fail-over, or a connection that may not write */
  readonly readOnly: boolean
  readonly shard: { readonly state: 'open' | 'closed'; readonly epoch: number; readonly waitingFor: string } | null
  /** in the last five minutes */
  readonly openings: number
  /** the owner with the highest term first */
  readonly workers: readonly WorkerFacts[]
  readonly mayAudit: boolean
  /** how many differences all comparisons found since the last opening of the shard */
  readonly differences: number
  /** operators who are people and whose tokens work */
  readonly people: number
}

interface WorkerFacts {
  readonly worker: string
  /** 0 for a worker that stands by */
  readonly term: number
  readonly silentSeconds: number
  readonly alive: boolean
  readonly conditions: Verdicts
}

/** A shard with more openings than these in five minutes does not stay open; an opening on purpose counts as one. */
const OPENINGS_MAX = 5

/** What this process says from its reading of Postgres. */
export function storeVerdicts(facts: StoreFacts): Verdicts {
  const { readOnly, shard, openings, differences, people } = facts
  return {
    postgres: readOnly
      ? { ok: false, detail: 'Postgres answers and does not take writes: a standby, or read only' }
      : { ok: true, detail: 'answers' },
    opening: openingVerdict(shard, openings),
    workers: workersVerdict(facts.workers),
    audit: auditVerdict(facts),
    reconciliation:
      differences === 0
        ? { ok: true, detail: 'no difference since the shard was opened' }
        : { ok: false, detail: `${differences} differences since the shard was opened` },
    operators:
      people > 0
        ? { ok: true, detail: `${people} can use the admin port` }
        : { ok: false, detail: 'nobody can use the admin port: npx floodgate operator add NAME --role admin' }
  }
}

function openingVerdict(shard: StoreFacts['shard'], openings: number) {
  if (shard === null) return { ok: false, detail: 'the shard was never opened: no worker has come that far' }
  if (shard.waitingFor !== '') return { ok: false, detail: `epoch ${shard.epoch}; waits for ${shard.waitingFor}` }
  if (shard.state !== 'open') return { ok: false, detail: `Postgres says closed, epoch ${shard.epoch}` }
  if (openings > OPENINGS_MAX) return { ok: false, detail: `opened ${openings} times in five minutes` }
  return { ok: true, detail: `open, epoch ${shard.epoch}` }
}

function workersVerdict(workers: readonly WorkerFacts[]) {
  const alive = workers.filter((worker) => worker.alive)
  if (alive.length === 0) {
    const last = Math.min(...workers.map(({ silentSeconds }) => silentSeconds))
    return {
      ok: false,
      detail: workers.length === 0 ? 'none was ever seen' : `none since ${Math.round(last)} s`
    }
  }
  if (!alive.some(({ term }) => term > 0)) return { ok: false, detail: `${alive.length} alive, none owns the shard` }
  return { ok: true, detail: `${alive.length} alive` }
}

function auditVerdict({ readOnly, mayAudit, workers }: StoreFacts) {
  if (readOnly || !mayAudit) return { ok: false, detail: 'the user in DATABASE_URL may not write the table audit' }
  const owing = workers.find(({ alive, conditions }) => alive && conditions.audit?.ok === false)
  return owing?.conditions.audit ?? { ok: true, detail: '' }
}

/** What the owner of the shard says, when it reported recently. */
export function ownerVerdicts(workers: readonly WorkerFacts[]): Verdicts | Silence {
  const alive = workers.filter((worker) => worker.alive)
  // an owner whose work on the shard has failed reports why, until another worker takes the shard
  const owner =
    alive.find(({ term }) => term > 0) ?? alive.find(({ conditions }) => conditions.projecting !== undefined)
  return owner?.conditions ?? { silent: 'no worker that owns the shard is heard' }
}
