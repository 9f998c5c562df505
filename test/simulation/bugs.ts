/** Planted bugs: each must turn runs red. */
export const planted = {
  'gives-at-decision': 'what a decision gives is usable before its frame is journaled',
  'replay-without-outbox': '201 on a replay without a look at the outbox',
  'one-sha': 'one SHA for all openings and no look at the replication id',
  'older-stream-not-sealed': 'recovery does not seal the older streams',
  'position-apart': 'the position is committed apart from what was read up to it',
  'confirm-before-ack': '201 before the ack',
  'no-frame-dedupe': 'a second copy of a frame is projected again',
  'empty-read-is-end': 'recovery takes an empty read for the end of a stream',
  'origin-by-value': 'after a change of the replication id the origin is compared, not whether it was loaded',
  'no-probe': 'the owner does not ask the gate'
} as const

/** Planted bugs of what keeps Redis small and a reopening short; `planted.ts` has the faults that show each. */
export const plantedInUpkeep = {
  'archive-before-marker': 'an archive does not wait until the replays are forgotten',
  'forget-open-keys': 'an internal key is forgotten by the age of its decision, whether its row is closed or not',
  'any-version': 'an earlier version may take the shard after something was removed',
  'payment-forgotten': 'a payment that comes again when its replay is forgotten is a new one',
  'drive-any-time': 'a command of a driver may be decided however late',
  'clock-left': 'a Redis that is given what is missing keeps its own time',
  'closer-unseen': 'close does not ask whether an earlier version closed since: its rebuild may have stopped half-way',
  'base-goes-late': 'a rebuild deletes keys before the base',
  'floor-by-base': 'a Redis that has forgotten less than what is gone is a prefix, when its base is above that',
  'checkpoint-at-last': 'the checkpoint notes the last decision that it folded, complete or not',
  'stale-base': "an earlier version's rebuild leaves the base",
  'rows-above-checkpoint': 'an archive removes rows that the checkpoint has not folded',
  'floor-ignored': 'a Redis below the floor is given what rows there are',
  'page-keeps-base': 'a page that fails half-way leaves the base',
  'fence-by-list': 'only streams that Postgres lists are sealed and read, and a Postgres that went back lacks some',
  'outbox-lost-unseen': 'a Redis without its outbox is given what is missing',
  'copies-by-row': 'a frame whose row was removed is projected when it comes again',
  'no-count': 'nobody counts the batches that a Redis says it holds',
  'gives-not-settled': 'a catch-up drops the outbox and does not settle it',
  'archive-outside': 'an archive takes its keys out of Redis by hand, not by decisions',
  'base-not-moved': 'pages leave the base where it was',
  'error-stays-open': 'a script that fails half-way on an open shard leaves it open',
  'settle-keeps-base': 'settling before the pages leaves the base while it writes',
  'd-by-decision': 'each decision adds one to the number of replays, also where its key was used before',
  'epoch-by-row': 'the next epoch is one more than the row says, whatever streams there are'
} as const

/** Planted bugs of points that expire; `planted.ts` has the faults that show each. */
export const plantedInPoints = {
  'lapse-beside-decisions': 'the gate does not ask whether it decided something of the user that was not counted',
  'lapse-without-record': 'what has expired is taken without a replay record',
  'lapse-by-own-clock': 'the moment comes by the clock of the driver, not of the gate',
  'lapse-out-of-order': "a user's newest decision counts although an earlier frame is not stored",
  'lapse-unread': 'users are listed before all that the gate decided up to the moment is stored',
  'lapse-closed-early': "a user's part is closed when it is asked for, not when it is journaled",
  'spent-newest-first': 'what was earned last counts as spent first',
  'taken-twice': 'what is taken back is taken, whether it has expired or not',
  'counted-again': 'what has expired counts as taken back for each gift'
} as const

/** What planning and this model found necessary to catch up, forget and archive, left out one at a time. */
export const upkeep = {
  'repair-with-gives': 'a hash is written anew while the outbox still gives to it',
  'close-same-epoch': 'close accepts the epoch that Redis knows already',
  'late-frames-believed': 'a frame that was void when a later epoch opened is projected',
  'token-ignored': 'a base is known by the number of its epoch',
  'rows-above-complete': 'a row of a frame goes though frames before it may be missing',
  'forget-by-key': 'forgetting looks at the key and not at whose record it is',
  'version-at-rows': 'the least version rises with the first row that leaves, not with the first decision that deletes',
  'drive-unread': 'an owner drives before it has read what the journal held when it took the shard'
} as const

/** Lines of docs/protocol.md left out, one at a time, to see which of them the simulation needs. */
export const omissions = {
  'no-replid-look': 'Gate call 1: scripts do not compare the replication id (their SHA names it still)',
  'shared-sha': 'Gate call 1: one SHA for all openings; epoch and replication id come as arguments and are compared',
  'no-open-look': 'Gate call 3: scripts compare the epoch and do not ask whether it is open',
  'no-not-after': 'Gate call 3: a batch may be decided however late',
  'no-request-hash': 'Gate call 6: another body under a known key is answered as a replay',
  'no-wait-for-cause': 'Gate call 8: a transition does not wait for its cause',
  'publish-any-time': 'Publish 1: a gateway publishes however long after the decision',
  'no-message-id': 'Publish 1: no Nats-Msg-Id, each copy is stored',
  'answer-before-settle': 'Publish 3: a decision that gives is answered at its ack',
  'settle-again': 'Publish 3: a settle gives whether or not the frame was still in the outbox',
  'no-kept': 'Publish 4: a settled frame is not kept',
  'no-tidy': 'Publish 5: nothing settles and deletes what Postgres has',
  'tidy-at-take-only': 'Publish 5: the owner tidies when it takes the shard, not every few seconds',
  'no-relay': 'Relay: nobody publishes what is left in the outbox',
  'no-lock': 'Worker 1: no session lock, owners are told apart by their term alone',
  'no-term': 'Worker 1: writes are not conditional on the owner',
  'no-stream-probe': 'Worker 1: the owner asks the gate only, not whether the stream of the opening is there',
  'trim-before-commit': 'Worker 2: frames leave kept before the commit',
  'place-before-publish': 'Worker 5: the events reader stores its place before it publishes',
  'purge-past-events': 'Worker 7: the janitor purges without regard to the events reader',
  'purge-by-memory':
    'Worker 7: the janitor goes by the place that the events reader has in memory, not by the stored one',
  'reader-waits-for-seal': 'Worker 5: the events reader leaves a stream when it is sealed, not when a newer one exists',
  'place-goes-back': 'Worker 5: a place is stored also when a further one is',
  'same-epoch': 'Recovery 1: the epoch is not raised',
  'no-close': 'Recovery 2: the gate is not closed before the fence',
  'close-any-epoch': 'Recovery 2: close does not refuse below a higher epoch',
  'outbox-given-up':
    'Recovery 3: what the outbox holds is not published before the fence (drops it, and loses nothing)',
  'last-before-seal': 'Recovery 3: the last sequence is read before the seal',
  'seal-newest-only': 'Recovery 3: only the newest of the older streams is sealed',
  'no-drain': 'Recovery 4: Postgres is not brought to the end of the sealed streams',
  'keys-stay': 'Recovery 5: keys are overwritten and not deleted first',
  'outbox-stays': 'Recovery 5: the outbox is not dropped',
  'restore-any-epoch': 'Recovery 5: chunks are not conditional on the epoch',
  'no-verify': 'Recovery 6: nothing is read back',
  'mark-any-epoch': 'Recovery 7: the row is set open whatever its epoch',
  'open-unasked': 'Recovery 8: open does not ask whether Redis is still closed under this epoch',
  'open-before-mark': 'Recovery 8: Redis is opened before the row',
  'drain-before-republish':
    'Journal lost: what is left of the journal is read before kept and outbox are published again',
  'end-asked':
    'Journal lost: the new stream is read to the end that it says it has, not to the last ack; lost again, it says nothing',
  'republish-kept-only': 'Journal lost: the outbox is not published again',
  'republish-outbox-only': 'Journal lost: what was kept is not published again',
  'republish-unordered': 'Journal lost: not in batch order',
  'republish-unacked': 'Journal lost: acks are not awaited',
  'lapse-in-any-opening': 'Transitions 8: what was counted under one opening is taken under the next',
  'lapse-when-settled': 'Transitions 8: what has expired can be spent until its frame is settled',
  'intent-closed-early': 'Transitions 2: an intent is closed when decided, not when journaled',
  'credit-closed-early': 'Transitions 3: a due credit is closed when decided, not when projected'
} as const

export type Bug =
  | keyof typeof planted
  | keyof typeof plantedInUpkeep
  | keyof typeof plantedInPoints
  | keyof typeof upkeep
  | keyof typeof omissions

export type Bugs = ReadonlySet<Bug>

export function isBug(name: string): name is Bug {
  return [planted, plantedInUpkeep, plantedInPoints, upkeep, omissions].some((group) => name in group)
}
