/**
 * The kinds of activities that can be run, by the name that stands in a definition, in Redis and in Postgres. A name that
 * is added here makes the compiler print every registry that has no entry for it yet.
 */
export const kindNames = ['sale', 'draw', 'task', 'redemption'] as const

export type Kind = (typeof kindNames)[number]
