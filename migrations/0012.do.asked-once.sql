-- A comparison that is asked for again under the key of an operator's request is the one that was asked for first.
alter table reconciliations add column asked_key text;
-- squawk-ignore require-concurrent-index-creation
create unique index reconciliations_by_key on reconciliations (asked_by, asked_key) where asked_key is not null;

-- Reopenings that operators asked for, so that a request that is sent again does not close the shard again.
create table reopenings (
  operator text not null,
  key text not null,
  shard integer not null,
  reason text not null,
  asked_at timestamptz not null default now(),
  constraint reopenings_pkey primary key (operator, key)
);
