-- Who was invited by whom: one inviter for each invitee of a campaign.
create table invites (
  campaign_id text not null,
  -- the invitee
  user_id text not null,
  inviter_id text not null,
  activity_id text not null,
  -- the decision of the invitee, and the one that made the inviter's code
  invite_id text not null,
  code_id text not null,
  epoch bigint not null,
  sequence bigint not null,
  accepted_at timestamptz not null,
  state text not null default 'pending' check (state in ('pending', 'qualified', 'voided')),
  reason text,
  qualified_at timestamptz,
  -- the order by which the invitee qualified
  order_id text,
  constraint invites_pkey primary key (campaign_id, user_id)
);

create index invites_of_inviter on invites (campaign_id, inviter_id, accepted_at desc, epoch desc, sequence desc);
