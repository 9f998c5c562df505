-- Decisions folded into one row for each hash of Redis, so that what is written anew is as large as what is there, not as what ever was.

-- Up to which decision of a shard they are folded: a place at which all earlier frames were stored.
create table checkpoints (
  shard integer constraint checkpoints_pkey primary key,
  epoch bigint not null default 0,
  batch bigint not null default 0,
  sequence bigint not null default 0,
  -- how the hashes are laid out
  layout integer not null,
  updated_at timestamptz not null default now()
);

create table checkpoint_rows (
  shard integer not null,
  -- logical, as definitions and decisions name it
  hash text collate "C" not null,
  -- JSON text, a list of field, value, ...: what recovery passes on to Redis as it is
  fields text not null,
  constraint checkpoint_rows_pkey primary key (shard, hash)
) with (fillfactor = 70);
