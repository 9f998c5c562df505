import { environmentSchema } from '../../src/config/config.ts'
import { code, table } from './markdown.ts'
import { type Told, wordsOf } from './schema-words.ts'

/** Only one process of ours reads it: the tests that strike at named places. */
const forTests: ReadonlySet<string> = new Set(['FAIL_POINTS'])

export const variables = Object.entries(environmentSchema.properties as Readonly<Record<string, Told>>)

/** Every environment variable with its default, what it may be and what it means. */
export function configurationTable(): string {
  const rows = variables
    .filter(([name]) => !forTests.has(name))
    .map(([name, schema]) => {
      const initial = schema.default === '' ? '' : code(String(schema.default))
      return [code(name), initial, wordsOf(schema), schema.description ?? '']
    })
  return table(['variable', 'default', 'is', 'meaning'], rows)
}
