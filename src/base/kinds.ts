/**
 * The kinds of activities that can be run, by the name that stands in a definition, in Redis and in Postgres. For a name that
 * is added here the compiler prints every registry that has no entry for it yet.
 */
export const kindNames = [
  'sale',
  'draw',
  'task',
  'redemption',
  'reservation',
  'board',
  'invite',
  'game',
  'share',
  'assist',
  'survey',
  'discussion'
] as const

export type Kind = (typeof kindNames)[number]

/** Rows of a registry, one for each kind, in the order of `kindNames`. */
export function inOrder<Rows extends Readonly<Record<Kind, unknown>>>(rows: Rows): Pick<Rows, Kind> {
  return Object.fromEntries(kindNames.map((name) => [name, rows[name]])) as Pick<Rows, Kind>
}
