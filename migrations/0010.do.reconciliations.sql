-- Comparisons of Redis, journal and Postgres: asked for by an operator or found by the continuous one.
create table reconciliations (
  reconciliation_id bigint generated always as identity primary key,
  shard integer not null,
  asked_by text not null,
  asked_at timestamptz not null default now(),
  state text not null default 'asked' check (state in ('asked', 'running', 'done', 'failed')),
  -- users compared so far
  progress bigint not null default 0,
  finished_at timestamptz,
  -- what was compared and every difference with its ids
  result jsonb,
  failure text
);

create index reconciliations_asked on reconciliations (shard, reconciliation_id) where state in ('asked', 'running');
