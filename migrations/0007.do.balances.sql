-- What a spin won, and what became of it: the last state of each win, with the gate's record of it.
create table wins (
  win_id text constraint wins_pkey primary key,
  campaign_id text not null,
  activity_id text not null,
  user_id text not null,
  prize_id text not null,
  -- '' where the prize has no sub-prizes
  sub_prize text not null,
  tier integer not null,
  type text not null,
  status text not null check (status in ('won', 'given', 'claimed', 'revoked')),
  shard integer not null,
  epoch bigint not null,
  sequence bigint not null,
  won_at timestamptz not null,
  claim_by timestamptz,
  updated_at timestamptz not null,
  record text not null
);

create index wins_of_user on wins (user_id, won_at desc, epoch desc, sequence desc);

-- the public list of winners
create index wins_of_campaign on wins (campaign_id, won_at desc, epoch desc, sequence desc) where status <> 'revoked';

create table claims (
  claim_id text constraint claims_pkey primary key,
  campaign_id text not null,
  activity_id text not null,
  user_id text not null,
  quantity integer not null check (quantity > 0),
  -- what was paid, in total
  unit text not null,
  cost bigint not null check (cost >= 0),
  -- pool that its codes come from, '' for none
  pool text not null,
  shard integer not null,
  epoch bigint not null,
  sequence bigint not null,
  accepted_at timestamptz not null,
  -- codes are not known to be assigned yet: the answering gateway does it, a driver makes sure
  codes_due boolean not null
);

create index claims_of_user on claims (user_id, accepted_at desc, epoch desc, sequence desc);

create index claims_codes_due on claims (shard, epoch, sequence) where codes_due;

-- Every movement of a balance, under the decision that caused it. One decision may move balances of several users.
create table ledger (
  shard integer not null,
  epoch bigint not null,
  sequence bigint not null,
  user_id text not null,
  -- campaign that the balance belongs to, '' for the account
  scope text not null,
  -- points and the like, or chances:<draw>
  unit text not null,
  -- campaign and activity of the decision
  campaign_id text not null,
  activity_id text not null,
  delta bigint not null,
  type text not null,
  at timestamptz not null,
  constraint ledger_pkey primary key (shard, epoch, sequence, user_id, scope, unit)
);

create index ledger_of_user on ledger (user_id, at desc, epoch desc, sequence desc, scope desc, unit desc);

-- Sums of the ledger: the check holds on honest traffic because causes come before effects in the journal. Space is left
-- in each page, so that a balance is changed where it stands and without its index.
create table balances (
  user_id text not null,
  scope text not null,
  unit text not null,
  shard integer not null,
  balance bigint not null constraint balances_not_negative check (balance >= 0),
  constraint balances_pkey primary key (user_id, scope, unit)
) with (fillfactor = 80);
