-- Campaigns that an operator wants settled: the worker carries on until nothing is left, whoever stops in between.
create table settlements (
  campaign_id text primary key references campaigns,
  asked_by text not null,
  reason text,
  asked_at timestamptz not null default now(),
  -- the step that is not done yet and how much of it is left; null before the first look, and once it is settled
  waits_for jsonb,
  settled_at timestamptz,
  updated_at timestamptz not null default now()
);
