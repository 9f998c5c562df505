-- Until when an operator's token works, and since when it does not any more. Rows stay: the audit trail names them.
alter table operators add column expires_at timestamptz;
alter table operators add column revoked_at timestamptz;
