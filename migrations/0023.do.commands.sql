-- Commands of other systems: what a source asked for under an id. Two commands under one id are two users' orders as well, of
-- which the gate, whose replay fields belong to a user, knows nothing. A rejected command leaves no row: it binds nobody.
create table commands (
  source text not null,
  id text not null,
  type text not null,
  -- the order, or the user
  target text not null,
  -- of type and data
  hash text not null,
  asked_at timestamptz not null default now(),
  -- null while it is not known what became of it
  done_at timestamptz,
  constraint commands_pkey primary key (source, id)
);
