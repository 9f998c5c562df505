-- What was sold or spent beyond what there was, because somebody wrote Redis: the journal says so, so Postgres does. Only a
-- projection that names it raises `beyond`; without it the checks are what they were. (Not valid: rows
-- that exist kept the stricter one.)
alter table stock add column beyond bigint not null default 0 check (beyond >= 0);

alter table stock drop constraint stock_remaining_check;

alter table stock add constraint stock_remaining_check check (remaining + beyond >= 0) not valid;

alter table balances add column beyond bigint not null default 0 check (beyond >= 0);

alter table balances drop constraint balances_not_negative;

alter table balances add constraint balances_not_negative check (balance + beyond >= 0) not valid;

-- Campaigns that are paused until somebody has looked, and why. A difference is lifted when it is gone, a violation by people.
create table campaign_holds (
  hold_id bigint generated always as identity primary key,
  shard integer not null,
  campaign_id text not null,
  kind text not null check (kind in ('violation', 'difference')),
  what text not null,
  stream text not null default '',
  sequence bigint not null default 0,
  held_at timestamptz not null default now(),
  -- when the campaign was paused for it, or nothing was left to pause
  paused_at timestamptz,
  lifted_at timestamptz
);

create index campaign_holds_open on campaign_holds (shard, campaign_id) where paused_at is null or lifted_at is null;
