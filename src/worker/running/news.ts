import { Bell } from './loop.ts'

/** What happens in this process, for the loops that wait for it: a worker hears of its own shards at once, of others when it looks. */
export interface News {
  /** frames of the shard were stored */
  readonly stored: Bell
  /** a campaign of the shard has to be paused */
  readonly held: Bell
  /** spins were drawn in the shard, and have no prize yet */
  readonly drawn: Bell
  /** what follows decisions was noted: credits, levels, tasks and ranks that are due */
  readonly followed: Bell
}

/** The news of one shard. @param followed that of all shards of this process */
export const newsOfShard = (followed: Bell): News => ({
  stored: new Bell(),
  held: new Bell(),
  drawn: new Bell(),
  followed
})
