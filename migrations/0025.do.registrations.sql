-- Registrations of users as other systems report them, in the order of their arrival: each event of a source once a campaign.
create table registrations (
  registration_id bigint generated always as identity,
  campaign_id text not null,
  source text not null,
  source_event_id text not null,
  user_id text not null,
  registered_at timestamptz not null,
  -- where the user came from, in the words of the reporter
  origin text,
  -- the invitation code and the share that led there, as reported
  invite text,
  share text,
  reported_at timestamptz not null default now(),
  constraint registrations_pkey primary key (campaign_id, source, source_event_id)
);

create index registrations_of_user on registrations (campaign_id, user_id, registration_id desc);
