-- What each worker process says of itself every second: that it lives, and as the owner of the shard what it sees of it.
create table worker_reports (
  worker text primary key,
  seen_at timestamptz not null default now(),
  -- the term of the shard that it owns, 0 for one that stands by
  owner_term bigint not null default 0,
  -- conditions by name: {"projecting": {"ok": true, "detail": "..."}}
  conditions jsonb not null default '{}'
);
