-- What gateways count of attempts, approximate: a message may be lost, or counted twice when a worker dies.

create table attempt_totals (
  campaign_id text not null,
  activity_id text not null,
  -- confirmed, replayed, pending, or the code of a problem
  outcome text not null,
  times bigint not null,
  constraint attempt_totals_pkey primary key (campaign_id, activity_id, outcome)
);

-- The same by minute, and by hour once that is two days ago; it goes with its campaign.
create table attempt_times (
  campaign_id text not null,
  since timestamptz not null,
  -- 60 or 3600
  seconds integer not null,
  activity_id text not null,
  outcome text not null,
  times bigint not null,
  constraint attempt_times_pkey primary key (campaign_id, since, seconds, activity_id, outcome)
);

create index attempt_times_minutes on attempt_times (since) where seconds = 60;

-- Some of those who were refused, and why, for support. The oldest go.
create table refusal_samples (
  sample_id bigint generated always as identity primary key,
  user_id text not null,
  campaign_id text not null,
  activity_id text not null,
  code text not null,
  -- the Idempotency-Key; empty without one
  key text not null,
  members jsonb not null,
  at timestamptz not null
);

create index refusal_samples_user on refusal_samples (user_id, at);
