-- Campaigns that leave Redis and the tables that are as large as what is live, and how far each shard has come with them.
alter table campaigns add column archived boolean not null default false;

create table archives (
  campaign_id text constraint archives_pkey primary key references campaigns,
  -- of the file that somebody holds, over its lines
  sha256 text not null,
  reason text not null,
  operator text not null,
  requested_at timestamptz not null default now(),
  -- the text of the file was written once more, and is the same
  compared_at timestamptz,
  -- why it goes no further, null while it does
  stopped text,
  done_at timestamptz
);

create table archive_parts (
  campaign_id text not null references archives,
  shard integer not null,
  -- asked; comparing: the file, and the checkpoint with what Postgres summed; compared: it waits for other shards; marking: the gate
  -- decides nothing of it any more; removing: users' fields and hashes; clearing: rows of `decisions`; forgetting: only the rows of the
  -- chain of decisions that removed it are left, until their replays are forgotten
  step text not null default 'asked'
    check (step in ('asked', 'comparing', 'compared', 'marking', 'removing', 'clearing', 'forgetting', 'done')),
  -- the campaign's last decision when its file was begun to be compared
  last_epoch bigint not null default 0,
  last_sequence bigint not null default 0,
  -- number of the chain's next decision, and the place of the last one that is stored
  next integer not null default 0,
  chain_epoch bigint not null default 0,
  chain_sequence bigint not null default 0,
  -- hash of the checkpoint up to which users were looked for, with a field where only a part of it fitted into the last decision
  walked text not null default '',
  walked_field text not null default '',
  users bigint not null default 0,
  -- up to which decision the table was cleared, and how many rows have gone
  cleared_epoch bigint not null default 0,
  cleared_sequence bigint not null default 0,
  decisions bigint not null default 0,
  -- what it waits for, in words; '' for nothing
  waits_for text not null default '',
  updated_at timestamptz not null default now(),
  constraint archive_parts_pkey primary key (campaign_id, shard)
);

create index archive_parts_open on archive_parts (shard, campaign_id) where step <> 'done';
