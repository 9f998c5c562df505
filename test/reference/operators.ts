import { operatorRoles, type ServiceScope, serviceScopes } from '../../src/store/operators/operators.ts'
import { type OpenApiDocument, type OpenApiOperation, operationsOf } from '../support/http/openapi-types.ts'
import { code, table } from './markdown.ts'
import { membersOf, membersTable, type Told } from './schema-words.ts'

export interface AdminOperation extends OpenApiOperation {
  readonly method: string
  readonly path: string
  readonly 'x-requires'?: { readonly role: string; readonly scope?: ServiceScope }
}

export const adminOperationsOf = (document: OpenApiDocument): AdminOperation[] => operationsOf(document)

/** A route as people write it: `POST /admin/v1/pause`. */
const routeOf = ({ method, path }: AdminOperation): string => code(`${method.toUpperCase()} ${path}`)

function namesIn({ parameters = [] }: AdminOperation, place: string): string {
  return parameters
    .filter((parameter) => parameter.in === place)
    .map(({ name, required }) => code(required === true ? name : `${name}?`))
    .join(', ')
}

function bodyOf({ requestBody, operationId }: AdminOperation): string {
  const [type, content] = Object.entries(requestBody?.content ?? {})[0] ?? []
  if (content === undefined) return ''
  const schema = content.schema as Told
  if (type !== 'application/json') return `file: ${schema.description}`
  // a page of its own tells what is in it
  if (operationId === 'saveCampaign') return 'a [definition](definition.md)'
  return membersOf(schema)
}

const needsOf = ({ 'x-requires': needs }: AdminOperation): string =>
  needs === undefined ? 'nobody' : `${needs.role}${needs.scope === undefined ? '' : `, ${code(needs.scope)}`}`

/** Every route of the admin port: who may use it, what it takes, what it does. */
export function adminTable(document: OpenApiDocument): string {
  const rows = adminOperationsOf(document).map((operation) => [
    routeOf(operation),
    operation.summary ?? '',
    needsOf(operation),
    namesIn(operation, 'query'),
    bodyOf(operation)
  ])
  return table(['route', 'does', 'needs', 'query', 'body'], rows)
}

/** What the members of bodies and queries may be; those of a definition have a page of their own. */
export function adminMembers(document: OpenApiDocument): string {
  const objects = adminOperationsOf(document).flatMap((operation): Told[] => {
    const body = operation.requestBody?.content['application/json']?.schema as Told | undefined
    const query = (operation.parameters ?? []).filter((parameter) => parameter.in === 'query')
    const asked = {
      properties: Object.fromEntries(query.map(({ name, schema, ...more }) => [name, { ...schema, ...more }]))
    }
    return body === undefined || operation.operationId === 'saveCampaign' ? [asked as Told] : [asked as Told, body]
  })
  return membersTable(objects)
}

/** What people of each role may use beyond those of the one before. */
export function rolesTable(document: OpenApiDocument): string {
  const rows = operatorRoles
    .filter((role) => role !== 'service')
    .map((role) => {
      const routes = adminOperationsOf(document).filter((operation) => operation['x-requires']?.role === role)
      return [code(role), routes.map(routeOf).join(', ')]
    })
  return table(['role', 'may use, beyond what the roles above may'], rows)
}

/** What each scope lets a service do. */
export function scopesTable(document: OpenApiDocument): string {
  const rows = serviceScopes.map((scope) => {
    const routes = adminOperationsOf(document).filter((operation) => operation['x-requires']?.scope === scope)
    return [code(scope), routes.length === 0 ? 'no route of this version' : routes.map(routeOf).join(', ')]
  })
  return table(['scope', 'lets a service use'], rows)
}
