-- A worker may own several shards, and says of each what it sees. The table has a row for each worker that lives, so a lock is over at once.
alter table worker_reports
  add column shard integer not null default 0;
-- squawk-ignore require-concurrent-index-creation
create unique index worker_reports_by_shard on worker_reports (worker, shard);
alter table worker_reports
  drop constraint worker_reports_pkey,
  add constraint worker_reports_pkey primary key using index worker_reports_by_shard;
