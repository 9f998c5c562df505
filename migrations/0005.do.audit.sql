-- Who changed what, when and why, with the state before and after. Append-only.
create table audit (
  audit_id bigint generated always as identity primary key,
  at timestamptz not null default now(),
  operator text not null,
  action text not null,
  target text not null,
  reason text,
  before jsonb,
  after jsonb
);

create index audit_by_target on audit (target, audit_id);
create index audit_by_operator on audit (operator, audit_id);

create trigger audit_stays
before update or delete on audit
for each row execute function refuse_change();

create trigger audit_is_kept
before truncate on audit
for each statement execute function refuse_change();
