-- Which order a payment was told for: one reference is one payment, so a second order with it is refused. Written before the
-- gate is asked, because two gateways may be told of two orders at once.
create table payment_references (
  reference text constraint payment_references_pkey primary key,
  order_id text not null,
  -- attempts that have no answer yet; of a process that died it stays, and so does the row
  in_flight integer not null default 0,
  -- the order was paid with it, or its money is due back
  used boolean not null default false,
  told_at timestamptz not null default now()
);

insert into payment_references (reference, order_id, used, told_at)
select distinct on (request ->> 'reference') request ->> 'reference', shard || '-' || entity, true, at
from decisions
where type = 'order.paid' and request ->> 'reference' is not null
order by request ->> 'reference', at;
