-- Tables whose rows come and go keep their size. Each campaign moves the balance of whoever takes part: a page with room for that is
-- written in place. What an archive leaves is little beside what is live, so it must not have to be a fifth of all before its room is used again.
alter table balances set (fillfactor = 50);

alter table decisions set (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000);

alter table frames set (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000);
