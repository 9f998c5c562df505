// Patterns of texts that come from outside, in a form that JSON Schema and `RegExp` both accept.

/** An id that people choose, for a campaign, an activity, a prize, an operator and the like; without anchors, for longer patterns. */
export const ID = '[a-z0-9][a-z0-9-]{0,31}'
export const ID_PATTERN = `^${ID}$`

/** The id of a decision, and of the order or win that it makes: `<shard>-<epoch>-<sequence>`. */
export const DECISION_PATTERN = '^[0-9]{1,4}-[0-9]{1,12}-[0-9]{1,15}$'

/** A word of another system: visible ASCII characters without a blank, between `least` and `most` of them. */
export function visiblePattern(least: number, most: number): string {
  return `^[\\x21-\\x7e]{${least},${most}}$`
}
