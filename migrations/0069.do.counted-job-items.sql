-- How far a job has come, counted where its items change, by whatever version: an answer that counts a million of them takes too long. Of jobs
-- that were asked for before it is null, and their items are counted.
alter table jobs
  add column items_listed bigint,
  add column items_done bigint,
  add column items_failed bigint;

alter table jobs
  alter column items_listed set default 0,
  alter column items_done set default 0,
  alter column items_failed set default 0;

create function count_job_items() returns trigger language plpgsql as $$
declare
  changed record;
begin
  -- in their order, so that of two who settle items of the same jobs one waits for the other, and never both
  for changed in
    select job_id, sum(listed) as listed, sum(done) as done, sum(failed) as failed from (
      select job_id, 1 as listed, (state = 'done')::integer as done, (state = 'failed')::integer as failed from after_it
    ) each group by job_id order by job_id
  loop
    update jobs set items_listed = items_listed + changed.listed, items_done = items_done + changed.done,
      items_failed = items_failed + changed.failed where job_id = changed.job_id;
  end loop;
  return null;
end $$;

create function recount_job_items() returns trigger language plpgsql as $$
declare
  changed record;
begin
  for changed in
    select job_id, sum(done) as done, sum(failed) as failed from (
      select job_id, (state = 'done')::integer as done, (state = 'failed')::integer as failed from after_it
      union all select job_id, -(state = 'done')::integer, -(state = 'failed')::integer from before_it
    ) each group by job_id having sum(done) <> 0 or sum(failed) <> 0 order by job_id
  loop
    update jobs set items_done = items_done + changed.done, items_failed = items_failed + changed.failed where job_id = changed.job_id;
  end loop;
  return null;
end $$;

create trigger count_job_items after insert on job_items
  referencing new table as after_it for each statement execute function count_job_items();

create trigger recount_job_items after update on job_items
  referencing old table as before_it new table as after_it for each statement execute function recount_job_items();
