-- Calendars of the deployment. A campaign that names one gets a copy at its publication, so a later change moves nothing.
create table calendars (
  calendar_id text primary key,
  version integer not null default 0,
  holidays text[] not null default '{}',
  workdays text[] not null default '{}',
  updated_at timestamptz not null default now()
);
