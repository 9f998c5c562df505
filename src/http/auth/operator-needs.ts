import type { OperatorRole, ServiceScope } from '../../store/operators/operators.ts'

/** Who may use a route: people of this role or a higher one, and services that have the scope. */
export interface Needs {
  readonly role: Exclude<OperatorRole, 'service'>
  readonly scope?: ServiceScope
}

/** The needs of the hooks of a route; undefined for a route that anybody may use. */
export function needsOf(hooks: readonly unknown[]): Needs | undefined {
  const found = hooks.find((hook): hook is { needs: Needs } => typeof hook === 'function' && 'needs' in hook)
  return found?.needs
}
