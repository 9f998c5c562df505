import { code, grouped } from './markdown.ts'

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
  // a list of all currencies is no pattern that anybody reads
  const isLong = (schema.pattern?.length ?? 0) > LONGEST_PATTERN
  if (types.includes('string') && schema.pattern !== undefined && !isLong) return `text ${code(schema.pattern)}`
  if (types.includes('string')) return `text${bounds(schema.minLength, schema.maxLength, ' characters')}`
  if (types.includes('boolean')) return 'true or false'
  return types.includes('object') ? 'object' : 'any'
}

/** The members of an object as one line: those that may be left out with a question mark. */
export function membersOf({ properties = {}, required = [] }: Told): string {
  const names = Object.keys(properties).map((name) => code(required.includes(name) ? name : `${name}?`))
  return names.join(', ')
}
