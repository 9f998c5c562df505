/** What one source says about one condition now; `detail` is for people. */
export interface Verdict {
  readonly ok: boolean
  readonly detail: string
  /** the number that was judged, for metrics: seconds, or a share of 1 */
  readonly figure?: number
}

/**
 * Who knows: `process` this gateway process, from its connections and its unfinished work; `store` what this process reads in Postgres;
 * `owner` the worker that owns the shard, from what it last wrote into Postgres.
 */
type Source = 'process' | 'store' | 'owner'

interface Row {
  readonly name: string
  /** the sentence that is true or false; the runbook's entry says the same */
  readonly meaning: string
  /** all of them must confirm it: when one of them does not report it, the condition is false */
  readonly sources: readonly Source[]
}

/**
 * Every condition, stated once: readyz, admin health, metrics, doctor and the alarms are made of these rows. All true means that an
 * order sent now will be confirmed and stored.
 */
export const conditionTable = [
  { name: 'redis', meaning: 'Redis answers this gateway.', sources: ['process'] },
  { name: 'redis-writable', meaning: 'Redis lets the gate write.', sources: ['process'] },
  { name: 'nats', meaning: 'NATS is connected and its JetStream takes frames.', sources: ['process'] },
  { name: 'journal-room', meaning: 'The journal has room for more frames.', sources: ['process'] },
  { name: 'postgres', meaning: 'Postgres answers and takes writes.', sources: ['store'] },
  { name: 'projecting', meaning: 'What is journaled is stored in Postgres.', sources: ['owner'] },
  { name: 'projection-lag', meaning: 'Postgres is at most seconds behind the journal.', sources: ['owner'] },
  { name: 'events-lag', meaning: 'The public events are at most seconds behind the journal.', sources: ['owner'] },
  {
    name: 'backlog',
    meaning: 'Redis holds far fewer frames for journal and Postgres than it may.',
    sources: ['process', 'owner']
  },
  { name: 'opening', meaning: 'The shard is open, and stays open.', sources: ['process', 'store'] },
  { name: 'workers', meaning: 'A worker is alive, and one of them owns the shard.', sources: ['store'] },
  { name: 'audit', meaning: "Every operator's change is in the audit trail.", sources: ['process', 'store'] },
  {
    name: 'reconciliation',
    meaning: 'Redis, journal and Postgres are compared and do not differ.',
    sources: ['store', 'owner']
  },
  { name: 'operators', meaning: 'There is an operator whose token works.', sources: ['store'] }
] as const satisfies readonly Row[]

export type ConditionName = (typeof conditionTable)[number]['name']

/** What a source says; a condition that it should report and does not counts as false. */
export type Verdicts = Readonly<Partial<Record<ConditionName, Verdict>>>

/** A condition as a whole. */
export interface Condition extends Verdict {
  readonly name: ConditionName
}

/** A source that does not answer, and why: every condition that needs it is false. */
export interface Silence {
  readonly silent: string
}

const isSilent = (said: Verdicts | Silence): said is Silence => 'silent' in said

/** Combines what the sources say into the list of all conditions. */
export function judge(sources: Readonly<Record<Source, Verdicts | Silence>>): Condition[] {
  return conditionTable.map(({ name, sources: asked }) => {
    const verdicts = asked.map((source: Source): Verdict => {
      const said = sources[source]
      if (isSilent(said)) return { ok: false, detail: `not known: ${said.silent}` }
      return said[name] ?? { ok: false, detail: 'not known yet' }
    })
    return { name, ...worst(verdicts) }
  })
}

/** The first verdict that is false; without one, true with all details. */
function worst(verdicts: readonly Verdict[]): Verdict {
  const wrong = verdicts.find(({ ok }) => !ok)
  if (wrong) return wrong
  return {
    ok: true,
    detail: [...new Set(verdicts.map(({ detail }) => detail))].filter((text) => text !== '').join('; ')
  }
}

/** Combines the conditions of several processes: of each condition the worst, with the name of its process in the detail. */
export function mergeConditions(
  all: ReadonlyArray<{ readonly who: string; readonly conditions: readonly Condition[] }>
): Condition[] {
  return conditionTable.map(({ name }) => {
    const verdicts = all.flatMap(({ who, conditions }) =>
      conditions.filter((one) => one.name === name).map((one) => ({ who, ...one }))
    )
    const wrong = verdicts.find(({ ok }) => !ok)
    if (!wrong) return { name, ok: verdicts.length > 0, detail: verdicts[0]?.detail ?? 'not known yet' }
    return { name, ok: false, detail: all.length > 1 ? `${wrong.who}: ${wrong.detail}` : wrong.detail }
  })
}

/** Where docs/runbook.md describes a condition. */
export function runbookEntry(name: ConditionName): string {
  return `docs/runbook.md#condition-${name}`
}
