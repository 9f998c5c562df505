/** What one source says of one condition now; `detail` is for people. */
export interface Verdict {
  readonly ok: boolean
  readonly detail: string
}

/**
 * Who knows: `process` this gateway process, of its connections and of what it owes; `store` what this process reads in Postgres;
 * `owner` the worker that owns the shard, by what it last wrote into Postgres.
 */
type Source = 'process' | 'store' | 'owner'

interface Row {
  readonly name: string
  /** what holds while it is true; the runbook's entry says the same */
  readonly meaning: string
  /** all of them must say so: what one of them does not tell is not claimed */
  readonly sources: readonly Source[]
}

/**
 * Every condition, once: readyz, admin health, metrics, doctor and the alarms are made of these rows. All true means that an
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

/** What a source says; a name that it should tell and does not counts as false. */
export type Verdicts = Readonly<Partial<Record<ConditionName, Verdict>>>

/** A condition as a whole. */
export interface Condition extends Verdict {
  readonly name: ConditionName
}

/** A source that does not answer, and why: nothing that comes from it is claimed. */
export interface Silence {
  readonly silent: string
}

const isSilent = (said: Verdicts | Silence): said is Silence => 'silent' in said

/** Puts together what the sources say. */
export function judge(sources: Readonly<Record<Source, Verdicts | Silence>>): Condition[] {
  return conditionTable.map(({ name, sources: asked }) => {
    const told = asked.map((source: Source): Verdict => {
      const said = sources[source]
      if (isSilent(said)) return { ok: false, detail: `not known: ${said.silent}` }
      return said[name] ?? { ok: false, detail: 'not known yet' }
    })
    return { name, ...worst(told) }
  })
}

/** The first that is false, else all that is said. */
function worst(told: readonly Verdict[]): Verdict {
  const wrong = told.find(({ ok }) => !ok)
  if (wrong) return wrong
  return { ok: true, detail: [...new Set(told.map(({ detail }) => detail))].filter((text) => text !== '').join('; ') }
}

/** The worst of what several processes say of the same conditions; the detail names the process. */
export function mergeConditions(
  all: ReadonlyArray<{ readonly who: string; readonly conditions: readonly Condition[] }>
): Condition[] {
  return conditionTable.map(({ name }) => {
    const told = all.flatMap(({ who, conditions }) =>
      conditions.filter((one) => one.name === name).map((one) => ({ who, ...one }))
    )
    const wrong = told.find(({ ok }) => !ok)
    if (!wrong) return { name, ok: told.length > 0, detail: told[0]?.detail ?? 'not known yet' }
    return { name, ok: false, detail: all.length > 1 ? `${wrong.who}: ${wrong.detail}` : wrong.detail }
  })
}

/** The entry of a condition in docs/runbook.md. */
export function runbookEntry(name: ConditionName): string {
  return `docs/runbook.md#condition-${name}`
}
