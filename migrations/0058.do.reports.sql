-- Reports of campaigns that were stored, and what operators compare them with.
create table report_versions (
  campaign_id text not null references campaigns,
  version integer not null check (version > 0),
  final boolean not null,
  -- as it was answered; json, not jsonb: it is read whole, and never changes
  body json not null,
  reason text,
  operator text not null,
  made_at timestamptz not null default now(),
  constraint report_versions_pkey primary key (campaign_id, version)
);

create table report_baselines (
  campaign_id text constraint report_baselines_pkey primary key references campaigns,
  -- {"users"?, "targets"?: {figure: value}, "before"?: {figure: value}}
  body jsonb not null,
  operator text not null,
  updated_at timestamptz not null default now()
);
