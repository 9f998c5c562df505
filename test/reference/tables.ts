import type { OpenApiDocument } from '../support/http/openapi-types.ts'
import { commandMembers, commandsTable } from './commands.ts'
import { configurationTable } from './configuration.ts'
import { boundsText, definitionTables, kindsTable, policiesTable } from './definition.ts'
import { commonMembers, eventExample, eventsTable, shapesText } from './events.ts'
import { figuresTable } from './figures.ts'
import { metricsTable } from './metrics.ts'
import { adminMembers, adminTable, rolesTable, scopesTable } from './operators.ts'
import { claimsTable, keysTable, reasonsTable } from './tokens.ts'

/** The pages of docs/reference. */
export const pages = [
  'admin-api',
  'commands',
  'configuration',
  'definition',
  'events',
  'figures',
  'metrics',
  'roles',
  'tokens'
] as const

/** Everything that the pages take from the code, by section. @param admin the OpenAPI document of the admin port */
export function sectionTexts(admin: OpenApiDocument): Record<string, string> {
  return {
    configuration: configurationTable(),
    'admin api': adminTable(admin),
    'admin members': adminMembers(admin),
    figures: figuresTable(),
    metrics: metricsTable(),
    roles: rolesTable(admin),
    scopes: scopesTable(admin),
    claims: claimsTable(),
    reasons: reasonsTable(),
    keys: keysTable(),
    events: eventsTable(),
    shapes: shapesText(),
    'common members': commonMembers(),
    'event example': eventExample(),
    commands: commandsTable(),
    'command members': commandMembers(),
    kinds: kindsTable(),
    bounds: boundsText(),
    policies: policiesTable(),
    ...definitionTables()
  }
}
