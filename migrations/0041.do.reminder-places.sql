-- Reminders are told in the order of their reservations, up to a place: no row for each of them.
alter table reminder_sessions add column place bigint not null default 0;

-- What is planned and not told is told from the first of these on; under the same ids, so nobody is reminded twice.
update reminder_sessions s set place = coalesce(
  (select min(v.position) - 1 from reminders r join reservations v on v.reservation_id = r.reservation_id
   where r.shard = s.shard and r.campaign_id = s.campaign_id and r.activity_id = s.activity_id and r.session_id = s.session_id
     and r.outcome is null),
  greatest(s.planned_one, s.planned_all)
);

-- squawk-ignore ban-drop-column
alter table reminder_sessions drop column planned_one, drop column planned_all;

-- squawk-ignore ban-drop-table
drop table reminders;

-- Of a user who reserved a session and then all of them, the first reservation reminds.
-- squawk-ignore require-concurrent-index-creation
create index reservations_of_user on reservations (shard, campaign_id, activity_id, session_id, user_id) where session_id <> '';

-- squawk-ignore require-concurrent-index-creation
create index decisions_disqualifying on decisions (campaign_id, user_id)
where type in ('user.disqualified', 'user.requalified');
