// A generator as storefronts use one, small enough to read: an OpenAPI document as TypeScript types.

interface Schema {
  readonly type?: string | readonly string[]
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly anyOf?: readonly Schema[]
  readonly items?: Schema
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly additionalProperties?: boolean | Schema
  readonly patternProperties?: Readonly<Record<string, Schema>>
}

interface Parameter {
  readonly name: string
  readonly in: string
  readonly required?: boolean
  readonly schema: Schema
}

export interface OpenApiOperation {
  readonly operationId?: string
  readonly summary?: string
  readonly parameters?: readonly Parameter[]
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: Schema }>> }
  readonly responses: Readonly<
    Record<string, { readonly content?: Readonly<Record<string, { readonly schema: Schema }>> }>
  >
}

export interface OpenApiDocument {
  readonly paths: Readonly<Record<string, Readonly<Record<string, OpenApiOperation>>>>
}

/** Every operation with its method and path. */
export function operationsOf({ paths }: OpenApiDocument): Array<OpenApiOperation & { method: string; path: string }> {
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ ...operation, method, path }))
  )
}

function objectType({ properties = {}, required = [], additionalProperties, patternProperties = {} }: Schema): string {
  const members = Object.entries(properties).map(
    ([name, schema]) => `${JSON.stringify(name)}${required.includes(name) ? '' : '?'}: ${typeOf(schema)}`
  )
  const [others = additionalProperties] = Object.values(patternProperties)
  // an object of which nothing is said may have anything
  const isOpen = others === true || (others === undefined && members.length === 0)
  const open = isOpen
    ? ['[name: string]: unknown']
    : typeof others === 'object'
      ? [`[name: string]: ${members.length > 0 ? 'unknown' : typeOf(others)}`]
      : []
  return `{ ${[...members, ...open].join('; ')} }`
}

/** A schema as a type of TypeScript. */
export function typeOf(schema: Schema): string {
  if (schema.const !== undefined) return JSON.stringify(schema.const)
  if (schema.enum !== undefined) return schema.enum.map((value) => JSON.stringify(value)).join(' | ')
  // beside a type it only says more of the same
  if (schema.anyOf !== undefined && schema.type === undefined) return schema.anyOf.map(typeOf).join(' | ')
  const types = [schema.type ?? []].flat()
  if (types.length === 0) return 'unknown'
  const of = (type: string): string => {
    if (type === 'integer' || type === 'number') return 'number'
    if (type === 'array') return `Array<${schema.items === undefined ? 'unknown' : typeOf(schema.items)}>`
    return type === 'object' ? objectType(schema) : type
  }
  return types.map(of).join(' | ')
}

function parametersOf(operation: OpenApiOperation, place: string): string {
  const found = (operation.parameters ?? []).filter((parameter) => parameter.in === place)
  const member = ({ name, required, schema }: Parameter) =>
    `${JSON.stringify(name)}${required === true ? '' : '?'}: ${typeOf(schema)}`
  return `{ ${found.map(member).join('; ')} }`
}

/** A module with one type, Operations: parameters, headers, body and answers by operationId. */
export function typesOf(document: OpenApiDocument): string {
  const lines = operationsOf(document).map((operation) => {
    const body = Object.values(operation.requestBody?.content ?? {})[0]?.schema
    const answers = Object.entries(operation.responses).map(([status, { content }]) => {
      const schema = Object.values(content ?? {})[0]?.schema
      return `${JSON.stringify(status)}: ${schema === undefined ? 'unknown' : typeOf(schema)}`
    })
    return `  ${operation.operationId}: {
    path: ${parametersOf(operation, 'path')}
    query: ${parametersOf(operation, 'query')}
    headers: ${parametersOf(operation, 'header')}
    body: ${body === undefined ? 'never' : typeOf(body)}
    answers: { ${answers.join('; ')} }
  }`
  })
  return `export interface Operations {\n${lines.join('\n')}\n}\n`
}
