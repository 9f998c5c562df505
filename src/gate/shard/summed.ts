import { isStockKey } from '../../record/keys.ts'

const PARTICIPANTS = 'participants'
const WHOLE = /^-?\d+$/

/** Adds what one shard has counted to what others have; rules are the same in each. */
function addTo(
  sum: Record<string, string>,
  hash: Readonly<Record<string, string>>,
  isCount: (field: string) => boolean
) {
  for (const [field, value] of Object.entries(hash)) {
    const before = sum[field]
    if (before === undefined) sum[field] = value
    else if (isCount(field) && WHOLE.test(before) && WHOLE.test(value))
      sum[field] = String(Number(before) + Number(value))
  }
}

/**
 * One hash out of those of all shards: figures of stock and participants are sums, everything else is that of the first shard that has it.
 * @param key its logical key
 */
export function summed(key: string, hashes: ReadonlyArray<Record<string, string>>): Record<string, string> {
  const [only] = hashes
  if (only !== undefined && hashes.length === 1) return only
  const isCount = isStockKey(key) ? () => true : (field: string) => field === PARTICIPANTS
  const sum: Record<string, string> = {}
  for (const hash of hashes) addTo(sum, hash, isCount)
  return sum
}
