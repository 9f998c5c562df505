-- Results of games that other systems report: an event of a source is about one user, whatever its outcome.
create table game_sources (
  campaign_id text not null,
  game_id text not null,
  -- name of the operator's token that the source reported with
  source text not null,
  source_event_id text not null,
  user_id text not null,
  reported_at timestamptz not null default now(),
  constraint game_sources_pkey primary key (campaign_id, game_id, source, source_event_id)
);
