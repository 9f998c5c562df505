import type { Test } from 'tap'
import { Value } from 'typebox/value'
import { messageSchemas } from '../../../src/http/server/asyncapi.ts'
import { streamTexts } from '../servers/stream-texts.ts'

interface Event {
  readonly id: string
  readonly type: string
  readonly data: unknown
}

/** Each event on the public stream of a stack has the data that the schema of its type asks for. @returns the types that are there */
export async function assertEvents(t: Test, place: Parameters<typeof streamTexts>[0]): Promise<ReadonlySet<string>> {
  const { events } = await streamTexts(place)
  const told = events.map((text) => JSON.parse(text) as Event)
  for (const { id, type, data } of told) {
    const schema = messageSchemas[`event-${type.replace('floodgate.', '')}.json`]
    const errors = schema === undefined ? ['there is no schema'] : [...Value.Errors(schema, data)]
    t.same(errors.slice(0, 3), [], `${type} ${id}`)
  }
  return new Set(told.map(({ type }) => type))
}
