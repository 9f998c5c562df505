-- The next number of a sequence: above the last one, and not below the time. Numbers that become keys of the gate must not come again, and the gate
-- remembers them longer than a Postgres that went back to a backup: one that came again would get the answer to what was asked under it before.
create function number_by_clock(numbers regclass, per_second bigint) returns bigint language plpgsql as $$
declare
  number bigint;
begin
  perform pg_advisory_xact_lock('pg_class'::regclass::oid::integer, numbers::oid::integer);
  number := greatest(nextval(numbers), floor(extract(epoch from clock_timestamp()) * per_second));
  perform setval(numbers, number);
  -- what is rolled back gives its lock back at once, not at the end of the transaction; the sequence stays where it is
  raise exception using errcode = 'FGNUM';
exception when sqlstate 'FGNUM' then
  return number;
end $$;
