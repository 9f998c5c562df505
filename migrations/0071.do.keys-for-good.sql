-- A key of an operator is used once. What was answered under it is forgotten after some days: `body` is empty then, and nothing else of it stays
-- but who used it, when, and for what.
-- squawk-ignore require-concurrent-index-creation
create index admin_requests_answered on admin_requests (asked_at) where body <> '';

-- squawk-ignore require-concurrent-index-deletion
drop index admin_requests_by_age;
