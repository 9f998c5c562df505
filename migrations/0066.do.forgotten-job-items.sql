-- What became of a job is kept with it once its items are forgotten: they are as many as there were orders.
alter table jobs
  -- counts, the first failures, revoked wins: as it is told
  add column outcome jsonb,
  add column forgotten_at timestamptz;
