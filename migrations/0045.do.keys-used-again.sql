-- A key that Redis has forgotten is a new request when it comes again: then a user has two decisions under it, the newest of which counts.

alter table decisions drop constraint decisions_user_key;

-- squawk-ignore require-concurrent-index-creation
create index decisions_by_key on decisions (shard, user_id, key, epoch, sequence);
