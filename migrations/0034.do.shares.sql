-- Shares: links of users to something, by channel.
create table shares (
  shard integer not null,
  share_id text not null,
  campaign_id text not null,
  activity_id text not null,
  user_id text not null,
  channel text not null,
  subject_type text not null,
  subject_id text not null,
  -- of the request that made it, under which its text is kept
  key text not null,
  hash text not null,
  epoch bigint not null,
  sequence bigint not null,
  created_at timestamptz not null,
  constraint shares_pkey primary key (share_id)
);

create index shares_by_channel on shares (campaign_id, channel, created_at desc, epoch desc, sequence desc);

-- What became of a share. The row may be there before that of the share: another shard, or a gateway, is faster.
create table share_states (
  share_id text not null,
  campaign_id text not null,
  verified_at timestamptz,
  -- a visit of somebody else, or the service that reported it
  verified_by text,
  voided_at timestamptz,
  constraint share_states_pkey primary key (share_id)
);

-- Reports of services on whether a share is genuine: each event of a source once a campaign.
create table share_reports (
  campaign_id text not null,
  source text not null,
  source_event_id text not null,
  share_id text not null,
  verified boolean not null,
  reported_at timestamptz not null default now(),
  constraint share_reports_pkey primary key (campaign_id, source, source_event_id)
);

-- Who visited a share: a user, or the digest of address and browser on a local day, which is forgotten after it.
create table share_visitors (
  share_id text not null,
  campaign_id text not null,
  visitor text not null,
  -- null for somebody who is not signed in
  user_id text,
  first_at timestamptz not null,
  last_at timestamptz not null,
  constraint share_visitors_pkey primary key (share_id, visitor)
);

create index share_visitors_of_user on share_visitors (campaign_id, user_id, last_at desc) where user_id is not null;

create index share_visitors_forgotten on share_visitors (last_at) where user_id is null;

-- How often a share was visited: first visits, further ones of the same visitors, and those of programs.
create table share_clicks (
  share_id text not null,
  campaign_id text not null,
  clicks bigint not null default 0,
  repeats bigint not null default 0,
  bots bigint not null default 0,
  constraint share_clicks_pkey primary key (share_id)
);

-- Orders and registrations of users who came by a share.
create table share_conversions (
  campaign_id text not null,
  -- the order, or the user who registered
  cause text not null,
  what text not null check (what in ('order', 'registration')),
  share_id text not null,
  user_id text not null,
  at timestamptz not null,
  -- the order expired, was cancelled or came back in full
  undone_at timestamptz,
  constraint share_conversions_pkey primary key (campaign_id, what, cause)
);

create index share_conversions_of_share on share_conversions (share_id);

-- What users tell with a share. It never enters the journal, and is written before the gate decides.
create table share_texts (
  user_id text not null,
  key text not null,
  hash text not null,
  text text not null,
  saved_at timestamptz not null default now(),
  constraint share_texts_pkey primary key (user_id, key, hash)
);

create index share_texts_by_age on share_texts (saved_at);
