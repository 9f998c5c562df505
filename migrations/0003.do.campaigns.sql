-- Campaigns: the newest version under review, and the rules in force. `rules` is the published definition with every
-- adjustment applied; `publishing` holds rules whose preload is not verified yet. Stock is never read from here: it is
-- the sum of journaled decisions.
create table campaigns (
  campaign_id text primary key,
  version integer not null default 0,
  review text not null default 'draft'
    check (review in ('draft', 'submitted', 'approved', 'publishing', 'published')),
  author text not null,
  submitted_by text,
  approved_by text,
  published_version integer,
  published_at timestamptz,
  publishing jsonb,
  rules jsonb,
  paused boolean not null default false,
  ended boolean not null default false,
  settled boolean not null default false,
  revision bigint not null default 0,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

-- Every saved definition, as it was sent.
create table campaign_versions (
  campaign_id text not null references campaigns,
  version integer not null,
  definition jsonb not null,
  author text not null,
  saved_at timestamptz not null default now(),
  primary key (campaign_id, version)
);

-- Counts every change of any campaign: gateways ask for this one number to learn whether to read again. One row, so
-- that numbers are given in the order of the commits; a sequence would give them in the order of the starts, and a
-- reader could miss the slower one for good.
create table campaign_revision (
  only_row boolean primary key default true check (only_row),
  value bigint not null
);

insert into campaign_revision (value) values (0);

create function refuse_change() returns trigger
language plpgsql as $$
begin
  raise exception '% is append-only: % is refused', tg_table_name, lower(tg_op)
    using errcode = 'restrict_violation';
end
$$;

create trigger campaign_versions_stay
before update or delete on campaign_versions
for each row execute function refuse_change();

create trigger campaign_versions_are_kept
before truncate on campaign_versions
for each statement execute function refuse_change();
