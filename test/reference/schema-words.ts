import { MOMENT_PATTERN } from '../../src/base/moment.ts'
import { Id } from '../../src/campaign/parts/shapes.ts'
import { code, grouped, table } from './markdown.ts'

/** What of a JSON Schema the pages tell. */
export interface Told {
  readonly type?: string | readonly string[]
  readonly const?: unknown
  readonly enum?: readonly unknown[]
  readonly anyOf?: readonly Told[]
  readonly description?: string
  readonly minimum?: number
  readonly maximum?: number
  readonly minLength?: number
  readonly maxLength?: number
  readonly pattern?: string
  readonly items?: Told
  readonly properties?: Readonly<Record<string, Told>>
  readonly required?: readonly string[]
  readonly contentMediaType?: string
  readonly default?: unknown
}

/** A schema as the pages read it; its own type says more than they tell. */
export const toldOf = (schema: object): Told => schema as Told

const LONGEST_PATTERN = 100

const shown = (value: unknown): string => code(JSON.stringify(value))

function bounds(least: number | undefined, most: number | undefined, unit = ''): string {
  if (least === undefined && most === undefined) return ''
  if (most === undefined || most >= Number.MAX_SAFE_INTEGER) return ` from ${grouped(least ?? 0)}${unit}`
  return least === undefined ? ` to ${grouped(most)}${unit}` : ` from ${grouped(least)} to ${grouped(most)}${unit}`
}

/** What a value has to be, in words. */
export function wordsOf(schema: Told): string {
  if (schema.const !== undefined) return shown(schema.const)
  if (schema.enum !== undefined) return schema.enum.map(shown).join(', ')
  if (schema.anyOf?.every((each) => each.const !== undefined)) return schema.anyOf.map(wordsOf).join(', ')
  const types = [schema.type ?? []].flat()
  if (types.includes('integer')) {
    const number = `whole number${bounds(schema.minimum, schema.maximum)}`
    return types.includes('boolean') ? `true, false or a ${number}` : number
  }
  if (types.includes('number')) return `number${bounds(schema.minimum, schema.maximum)}`
  const { pattern } = schema
  if (pattern === toldOf(Id).pattern) return 'an id'
  if (pattern === MOMENT_PATTERN) return 'a date and time with its offset'
  // a list of all currencies is no pattern that anybody reads
  const isRead = pattern !== undefined && schema.maxLength === undefined && pattern.length < LONGEST_PATTERN
  if (types.includes('string') && isRead) return `text ${code(pattern)}`
  if (types.includes('string')) return `text${bounds(schema.minLength, schema.maxLength, ' characters')}`
  if (types.includes('boolean')) return 'true or false'
  return types.includes('object') ? 'object' : 'any'
}

/** The members of an object as one line: those that may be left out with a question mark. */
export function membersOf({ properties = {}, required = [] }: Told): string {
  const names = Object.keys(properties).map((name) => code(required.includes(name) ? name : `${name}?`))
  return names.join(', ')
}

function meaningOf(schema: Told): string {
  const { description, properties } = schema
  if (properties !== undefined) return `an object with ${membersOf(schema)}`
  // a demand says all of it
  if (description?.startsWith('must ')) return description.replace(/^must (be )?/, '')
  return description === undefined ? wordsOf(schema) : `${wordsOf(schema)}: ${description}`
}

/** A table of what the members of objects may be; of one name there is one row, which says all that it may be. */
export function membersTable(objects: readonly Told[]): string {
  const members = new Map<string, Set<string>>()
  for (const { properties = {} } of objects) {
    for (const [name, schema] of Object.entries(properties)) {
      members.set(name, (members.get(name) ?? new Set()).add(meaningOf(schema)))
    }
  }
  const rows = [...members].map(([name, words]) => [code(name), [...words].join(', or: ')])
  return table(['member', 'is'], rows)
}
