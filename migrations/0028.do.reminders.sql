-- Reservations of sessions: '' is all of them. Its position is the order in which they were stored.
create table reservations (
  reservation_id text constraint reservations_pkey primary key,
  campaign_id text not null,
  activity_id text not null,
  session_id text not null,
  -- the session that its reminder was first promised for
  first_session text not null,
  user_id text not null,
  shard integer not null,
  epoch bigint not null,
  sequence bigint not null,
  made_at timestamptz not null,
  position bigint generated always as identity
);

create index reservations_of_session on reservations (shard, campaign_id, activity_id, session_id, position);

-- A session that is reserved: up to which reservations (of it, and of all sessions) its reminders are planned, and what became of them.
create table reminder_sessions (
  shard integer not null,
  campaign_id text not null,
  activity_id text not null,
  session_id text not null,
  planned_one bigint not null default 0,
  planned_all bigint not null default 0,
  told bigint not null default 0,
  missed bigint not null default 0,
  withheld bigint not null default 0,
  constraint reminder_sessions_pkey primary key (shard, campaign_id, activity_id, session_id)
);

-- Reminders, one for a user and a session. They are told within a minute, each so long before the end of it as its spread says.
create table reminders (
  shard integer not null,
  campaign_id text not null,
  activity_id text not null,
  session_id text not null,
  user_id text not null,
  reservation_id text not null,
  -- of a session after the first that its reservation was told of
  further boolean not null,
  spread_ms integer not null,
  -- null while it is due
  outcome text check (outcome in ('told', 'missed', 'withheld')),
  closed_at timestamptz,
  constraint reminders_pkey primary key (shard, campaign_id, activity_id, session_id, user_id)
);

create index reminders_due on reminders (shard, campaign_id, activity_id, session_id, spread_ms desc, user_id)
where outcome is null;
