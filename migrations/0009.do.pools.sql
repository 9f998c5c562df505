-- Unique codes. The free ones of a pool are taken in the order of their position, which is that of their loading.
create table codes (
  campaign_id text not null,
  pool text not null,
  code text not null,
  position bigint generated always as identity,
  -- the claim or win that has it, null while it is free
  claim_id text,
  -- the how-manyth code of its claim, from 1
  nth integer,
  assigned_at timestamptz,
  constraint codes_pkey primary key (campaign_id, pool, code),
  check ((claim_id is null) = (nth is null))
);

create index codes_free on codes (campaign_id, pool, position) where claim_id is null;

create unique index codes_of_claim on codes (claim_id, nth) where claim_id is not null;

-- Gives a claim or win the codes that it has not got yet. A function, because it takes several statements: one that waits
-- for other attempts of this claim and one that sees what they did; as one statement, attempts for one claim at a time
-- locked codes that other claims then did not find. Codes that others have locked are passed over, and what they have
-- taken fails the second look at the row, so each code is taken once. The rows that it holds locked are found again by
-- where they stand and nothing is sorted, because a pool loaded a moment ago has no statistics: by their code, all of the
-- pool was read for each, 35 claims/s with 200,000 codes instead of 3,500.
create function assign_codes(for_claim text, of_campaign text, of_pool text, wanted integer) returns setof text
language plpgsql set enable_sort = off as $$
declare
  held integer;
  taken tid[];
begin
  perform pg_advisory_xact_lock(hashtextextended('codes of ' || for_claim, 0));
  held := (select count(*) from codes where claim_id = for_claim);
  if held < wanted then
    taken := array(
      select ctid from codes where campaign_id = of_campaign and pool = of_pool and claim_id is null
      order by position limit wanted - held for update skip locked
    );
    update codes set claim_id = for_claim, nth = held + array_position(taken, ctid), assigned_at = now()
    where ctid = any(taken);
  end if;
  return query select code from codes where claim_id = for_claim order by nth;
end
$$;

-- Personal data of claimed wins (address, account), which never enters the journal. Under key and hash of the request, so
-- that a request which the gate did not decide changes nothing of one that it did.
create table win_details (
  win_id text not null,
  key text not null,
  hash text not null,
  details jsonb not null,
  saved_at timestamptz not null default now(),
  constraint win_details_pkey primary key (win_id, key, hash)
);

create index win_details_by_age on win_details (saved_at);

-- Reports of progress that were counted: a second copy inserts nothing. One event may tell of several tasks.
create table task_sources (
  source text not null,
  source_event_id text not null,
  campaign_id text not null,
  task_id text not null,
  user_id text not null,
  period text not null,
  amount bigint not null check (amount > 0),
  at timestamptz not null default now(),
  constraint task_sources_pkey primary key (source, source_event_id, campaign_id, task_id)
);

-- Progress of a user in a task and period ('' for tasks of the whole campaign, else the day number). The row of a reached
-- goal is due until the gate has decided, and can become due once only.
create table task_counts (
  campaign_id text not null,
  task_id text not null,
  user_id text not null,
  period text not null,
  count bigint not null check (count >= 0),
  state text not null check (state in ('counting', 'due', 'completed', 'refused')),
  due_at timestamptz,
  attempts integer not null default 0,
  next_attempt_at timestamptz,
  decision_id text,
  refusal text,
  constraint task_counts_pkey primary key (campaign_id, task_id, user_id, period)
);

create index task_counts_due on task_counts (next_attempt_at) where state = 'due';

-- Opening balances of account units: each reference is credited once.
create table imports (
  import_id bigint generated always as identity,
  unit text not null,
  reference text not null,
  user_id text not null,
  amount bigint not null check (amount > 0),
  created_by text not null,
  created_at timestamptz not null default now(),
  state text not null default 'open' check (state in ('open', 'applied', 'refused')),
  decision_id text,
  refusal text,
  closed_at timestamptz,
  constraint imports_pkey primary key (unit, reference),
  check ((state = 'open') = (closed_at is null))
);

create index imports_open on imports (import_id) where state = 'open';
