-- What the truth of a shard is made of may change so that an earlier version reads it wrongly: such a worker must not own the shard.
alter table shards
  -- what a worker has to know of it, as it counts in src/store/shard/shards.ts
  add column least_version integer not null default 0;
