-- Who may use the admin port. Only the SHA-256 of a token is kept: whoever reads this table cannot act as anybody.
create table operators (
  name text primary key check (name ~ '^[a-z0-9][a-z0-9-]{0,31}$'),
  role text not null check (role in ('viewer', 'operator', 'admin', 'service')),
  -- what a service may do; empty for people, whose role says it
  scopes text[] not null default '{}',
  token_sha256 bytea not null unique check (length(token_sha256) = 32),
  created_at timestamptz not null default now()
);
