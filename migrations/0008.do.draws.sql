-- The secret seed of each draw, written once when its publication begins. Its SHA-256, the commitment, is public before
-- the draw opens; the seed itself is shown when the draw has ended. A later version of the campaign keeps it, and nothing
-- ever changes it: whoever could exchange a seed could choose the winners.
create table draw_seeds (
  campaign_id text not null references campaigns,
  activity_id text not null,
  seed bytea not null check (length(seed) = 32),
  commitment text not null check (commitment = encode(sha256(seed), 'hex')),
  created_at timestamptz not null default now(),
  primary key (campaign_id, activity_id)
);

create trigger draw_seeds_stay
before update or delete on draw_seeds
for each row execute function refuse_change();

create trigger draw_seeds_are_kept
before truncate on draw_seeds
for each statement execute function refuse_change();
