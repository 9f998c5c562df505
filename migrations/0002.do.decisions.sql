-- Frames that are projected: a second copy of a frame inserts nothing here and is skipped.
create table frames (
  shard integer not null,
  epoch bigint not null,
  batch bigint not null,
  -- where in its stream it stands: the janitor purges up to a time
  stream_epoch bigint not null,
  stream_sequence bigint not null,
  decided_at timestamptz not null,
  decisions integer not null,
  constraint frames_pkey primary key (shard, epoch, batch)
);

-- The journal as rows: everything that recovery writes to Redis is the fold of adds and puts.
create table decisions (
  shard integer not null,
  epoch bigint not null,
  sequence bigint not null,
  batch bigint not null,
  type text not null,
  user_id text not null,
  key text not null,
  hash text not null,
  campaign_id text not null,
  activity_id text not null,
  session_id text not null,
  entity text not null,
  at timestamptz not null,
  request jsonb not null,
  -- by scope (c, a, s, u of this decision, or a key); json, not jsonb: they are only ever read whole, by recovery
  adds json not null,
  puts json not null,
  record text not null,
  report text not null,
  constraint decisions_pkey primary key (shard, epoch, sequence),
  constraint decisions_user_key unique (user_id, key)
);

create index frames_by_age on frames (shard, stream_epoch, decided_at);

create table orders (
  order_id text constraint orders_pkey primary key,
  campaign_id text not null,
  activity_id text not null,
  session_id text not null,
  user_id text not null,
  quantity integer not null check (quantity > 0),
  unit_price bigint not null,
  currency text not null,
  status text not null check (status in ('accepted', 'paid', 'cancelled', 'expired', 'shipped', 'returned')),
  shard integer not null,
  epoch bigint not null,
  sequence bigint not null,
  accepted_at timestamptz not null,
  pay_by timestamptz,
  ship_by timestamptz,
  position bigint not null,
  returned integer not null default 0,
  updated_at timestamptz not null,
  record text not null
);

create index orders_of_user on orders (user_id, accepted_at desc);

create index orders_due on orders (shard, pay_by) where status = 'accepted';

-- Units by session: the checks hold on honest traffic because causes come before effects in the journal.
create table stock (
  shard integer not null,
  campaign_id text not null,
  activity_id text not null,
  session_id text not null,
  total bigint not null check (total >= 0),
  remaining bigint not null check (remaining >= 0),
  held bigint not null check (held >= 0),
  paid bigint not null check (paid >= 0),
  constraint stock_pkey primary key (shard, campaign_id, activity_id, session_id),
  constraint stock_adds_up check (total = remaining + held + paid)
);

-- Frames that could not be read, with an alarm each.
create table dead_letters (
  id bigint generated always as identity primary key,
  shard integer not null,
  stream text not null,
  sequence bigint not null,
  reason text not null,
  payload bytea not null,
  at timestamptz not null default now()
);
