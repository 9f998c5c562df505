/** Mistakes that somebody could make with several shards; each must turn runs red. */
export const shardBugs = {
  'received-twice': 'the key of a receipt names who drives the loan',
  'sold-before-journaled': 'units of a loan are sold before its receipt is journaled',
  'amount-of-pending': 'the receipt has the amount of a lend that is not journaled',
  'lends-anew': 'after an unknown answer the driver lends under a new id',
  'lends-while-open': 'a second loan of an item is begun between two shards',
  'total-left': 'a loan moves what remains and not the total',
  'ids-in-order': 'ids of loans are counted in Postgres, and begin again after a backup was restored',
  'asks-what-is-stored': 'the driver sends a receipt that Postgres has',
  'lists-before-opening': 'the driver lists loans, and then learns the openings that it sends to',
  'sends-at-any-time': 'what a driver sends has no end',
  'fact-when-written': 'the second of a fact begins when it is written, and not before the others are read',
  'fact-believed-unread': 'the fact is written before the others are read, and taken back after',
  'fact-in-shard-time': 'the second of a fact is one of shard time, which stands still after a clock has stepped back',
  'fact-kept': 'an opening leaves the facts of the one before',
  'fact-of-any-opening': 'a fact is written under another opening than that whose time it names',
  'lender-keeps-fact': 'a shard that lends still says that the others have nothing',
  'fact-beside-lend': 'a fact that was read before a lend is written after it',
  'closed-is-empty': 'a shard that does not answer counts as empty',
  'loans-uncounted': 'units on their way count for no shard',
  'closed-when-decided': 'a loan is closed when its receipt is journaled, and not when it is settled',
  'outbox-of-any-opening': 'a receipt counts as settled where the outbox of a Redis that was given up before lacks it',
  'taken-evenly': 'stock that an operator takes away is split evenly',
  'taken-by-pending': 'the next shard is asked for what answers that are not journaled left',
  'taken-beside-loans': 'stock is taken away while loans are open',
  'removed-beside-loans': 'an end does not wait for open loans',
  'rolled-again': 'a spin whose prize is missing is decided again, with another number',
  'spins-beside-drawn': 'a user spins again before the prize of the spin before is known',
  'promise-passed': 'a promised prize that is missing here yields to what the number means',
  'burst-split': "a shard's part of the burst may be less than 1"
} as const

export type ShardBug = keyof typeof shardBugs

export function isShardBug(name: string): name is ShardBug {
  return name in shardBugs
}
