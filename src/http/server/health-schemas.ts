import { Type } from 'typebox'
import { conditionTable } from '../../health/conditions.ts'

const Level = Type.Unsafe<'ok' | 'degraded' | 'closed'>({ type: 'string', enum: ['ok', 'degraded', 'closed'] })
const names = conditionTable.map(({ name }) => name)

/** The body of /readyz with either status. */
export const Readiness = Type.Object(
  {
    ready: Type.Boolean({
      description: 'whether traffic may be sent here; losing Redis, NATS or Postgres later does not change it'
    }),
    status: Type.Unsafe<'ready' | 'draining' | 'starting'>({ type: 'string', enum: ['ready', 'draining', 'starting'] }),
    environment: Type.String({ description: 'FLOODGATE_ENV' }),
    gate: Level,
    journal: Level,
    postgres: Level,
    projection: Level,
    conditions: Type.Array(
      Type.Object({ name: Type.Unsafe<(typeof names)[number]>({ type: 'string', enum: names }), ok: Type.Boolean() }),
      { description: 'all true: an order sent now will be confirmed and stored' }
    )
  },
  { title: 'Readiness' }
)

export const Liveness = Type.Object({ status: Type.Literal('ok') }, { title: 'Liveness' })
