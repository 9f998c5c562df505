import type { TSchema } from 'typebox'
import { Settings } from 'typebox/system'
import { Value } from 'typebox/value'

/** The most errors in one answer: with more, checking the rest of a document does not help its author. */
export const MAX_ERRORS = 100

export const MAX_DEPTH = 16
export const MAX_NODES = 60_000

type Node = Record<string, unknown>

/**
 * Checks bounds before any other check: nesting and number of values. Uses a list of its own, because a
 * document nested 100,000 deep would exhaust the stack of a recursive walk.
 */
export function tooLarge(value: unknown): DefinitionError | undefined {
  const open: Array<[value: unknown, depth: number]> = [[value, 1]]
  let nodes = 0
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const [current, depth] = next
    nodes += 1
    if (nodes > MAX_NODES) return { pointer: '', detail: `has more than ${MAX_NODES} values` }
    if (typeof current !== 'object' || current === null) continue
    if (depth > MAX_DEPTH) return { pointer: '', detail: `is nested deeper than ${MAX_DEPTH} levels` }
    for (const child of Object.values(current)) open.push([child, depth + 1])
  }
  return undefined
}

/** A value as an error message shows it: always short. */
export function shown(value: unknown): string {
  if (Array.isArray(value)) return `a list of ${value.length}`
  if (typeof value === 'object' && value !== null) return 'an object'
  if (typeof value === 'string') return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}...` : value)
  return String(value)
}

/** A name as a step of a JSON pointer. */
export function pointerStep(name: string): string {
  return name.replaceAll('~', '~0').replaceAll('/', '~1')
}

function at(value: unknown, pointer: string): unknown {
  let current = value
  for (const step of pointer.split('/').slice(1)) {
    const name = step.replaceAll('~1', '/').replaceAll('~0', '~')
    if (typeof current !== 'object' || current === null) return undefined
    current = (current as Node)[name]
  }
  return current
}

/**
 * The schema that an error is about and how deep it lies. Below a union every variant reports errors; the operator needs to
 * know what the union accepts, so the walk ends at the union.
 */
function locate(schema: TSchema, path: string): { node: Node; depth: number; union: boolean } {
  let node: Node = schema as unknown as Node
  let depth = 0
  const steps = path.split('/').slice(1)
  for (let index = 0; index < steps.length; index++) {
    const step = steps[index] ?? ''
    if (step === 'anyOf') return { node, depth, union: true }
    let next = node[step]
    if (step === 'properties' || step === 'patternProperties') {
      index += 1
      next = (next as Node | undefined)?.[steps[index] ?? '']
    }
    if (typeof next !== 'object' || next === null) break
    if (step === 'items' || step === 'properties' || step === 'patternProperties') depth += 1
    node = next as Node
  }
  return { node, depth, union: node.anyOf !== undefined }
}

function schemaErrors(schema: TSchema, value: unknown) {
  const { maxErrors } = Settings.Get()
  Settings.Set({ maxErrors: MAX_ERRORS * 4 })
  try {
    return Value.Errors(schema, value)
  } finally {
    Settings.Set({ maxErrors })
  }
}

type SchemaError = ReturnType<typeof schemaErrors>[number]

function detailsOf(error: SchemaError, node: Node, value: unknown): Array<[below: string, detail: string]> {
  if (error.keyword === 'required') {
    return error.params.requiredProperties.map((name) => [`/${pointerStep(name)}`, 'is missing'])
  }
  if (error.keyword === 'additionalProperties') {
    const detail = node.patternProperties ? 'has a name that is no id' : 'is not a known field'
    return error.params.additionalProperties.map((name) => [`/${pointerStep(name)}`, detail])
  }
  const wanted =
    typeof node.description === 'string' ? node.description : error.message.replace('be object', 'be an object')
  return [['', `${wanted}, but is ${shown(value)}`]]
}

/**
 * The errors of a value by its schema, in words that an operator understands: each pointer once, at most `MAX_ERRORS`.
 * The caller checks bounds of size before (`tooLarge`).
 */
export function explain(schema: TSchema, value: unknown): DefinitionError[] {
  const found = new Map<string, string>()
  for (const error of schemaErrors(schema, value)) {
    if (error.keyword === 'boolean') continue
    const { node, depth, union } = locate(schema, error.schemaPath)
    const pointer = union
      ? error.instancePath
          .split('/')
          .slice(0, depth + 1)
          .join('/')
      : error.instancePath
    const details = union
      ? detailsOf({ ...error, keyword: 'anyOf', params: {} }, node, at(value, pointer))
      : detailsOf(error, node, at(value, pointer))
    for (const [below, detail] of details) {
      if (!found.has(pointer + below) && found.size < MAX_ERRORS) found.set(pointer + below, detail)
    }
  }
  return [...found].map(([pointer, detail]) => ({ pointer, detail }))
}

/** One error: `pointer` is a JSON pointer into the document, `detail` says what is expected. */
export interface DefinitionError {
  readonly pointer: string
  readonly detail: string
}
