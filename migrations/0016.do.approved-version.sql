-- The version that was approved last: nobody approves where they wrote any version after it.
alter table campaigns add column approved_version integer;
update campaigns
set approved_version = case when review in ('approved', 'publishing', 'published') then version else published_version end;
