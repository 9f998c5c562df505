-- Changes that operators asked for and that the gate carries out, each campaign's in order of id. `request` is text: the
-- bytes that go into the journal are the same at every attempt.
create table intents (
  intent_id bigint generated always as identity primary key,
  campaign_id text not null references campaigns,
  activity_id text not null default '',
  user_id text not null,
  type text not null,
  puts jsonb not null,
  adds jsonb not null,
  request text not null,
  created_by text not null,
  -- of the operator's request, where it had one: asked again with the same key it is the same intent
  request_key text,
  request_hash text,
  created_at timestamptz not null default now(),
  state text not null default 'open' check (state in ('open', 'applied', 'refused')),
  decision_id text,
  applied jsonb,
  refusal text,
  closed_at timestamptz,
  check ((state = 'open') = (closed_at is null))
);

create index intents_open on intents (campaign_id, intent_id) where state = 'open';
create index intents_by_campaign on intents (campaign_id, intent_id);
create unique index intents_by_key on intents (created_by, request_key) where request_key is not null;
