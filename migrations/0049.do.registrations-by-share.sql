-- A report may name a share that is not stored yet: whoever follows the share looks for it.
-- squawk-ignore require-concurrent-index-creation
create index registrations_of_share on registrations (share) where share is not null;
