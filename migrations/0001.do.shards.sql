-- The truth about who may write: one row a shard.
create table shards (
  shard integer primary key,
  epoch bigint not null,
  state text not null check (state in ('closed', 'open')),
  -- replication id of the Redis of this opening, and the SHAs of its scripts by name
  replid text not null default '',
  shas jsonb not null default '{}',
  -- rises with each owner: every write of an owner is conditional on it
  owner_term bigint not null default 0,
  -- up to where the journal is projected: stream of that epoch, sequence in it
  position_epoch bigint not null default 0,
  position_sequence bigint not null default 0,
  updated_at timestamptz not null default now()
);

-- Every stream of the journal; one named here and gone is a lost journal.
create table openings (
  shard integer not null,
  epoch bigint not null,
  opened_at timestamptz not null default now(),
  -- false: noted, and a recovery died before the stream was there
  created boolean not null default false,
  -- last sequence of the sealed stream, null while it is the live one
  last_sequence bigint,
  deleted boolean not null default false,
  primary key (shard, epoch)
);

-- Readers of the journal with a place of their own.
create table reader_places (
  name text not null,
  shard integer not null,
  epoch bigint not null,
  sequence bigint not null,
  updated_at timestamptz not null default now(),
  primary key (name, shard)
);
