import type { Add } from './check.ts'

/** Refuses a second activity of a kind of which a campaign has one at most, because its routes name no activity. */
export function checkOnlyOne(definitions: ReadonlyArray<{ readonly kind: string } | undefined>, add: Add): void {
  let found = false
  for (const [index, definition] of definitions.entries()) {
    if (definition === undefined) continue
    if (found) add(`/activities/${index}/kind`, `a campaign has at most one activity of kind ${definition.kind}`)
    found = true
  }
}
