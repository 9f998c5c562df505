/**
 * The kinds of activities that can be run, by the name that stands in a definition, in Redis and in Postgres. For a name that
 * is added here the compiler prints every registry that has no entry for it yet.
 */
export const kindNames = ['sale', 'draw', 'task', 'redemption'] as const

export type Kind = (typeof kindNames)[number]
