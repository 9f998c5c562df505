-- Up to which decision of a shard the rows of its checkpoint have no replays any more.
alter table checkpoints
  add column forgot_epoch bigint not null default 0,
  add column forgot_sequence bigint not null default 0;
