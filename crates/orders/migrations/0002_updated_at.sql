-- When an order last moved. Of one that moved before this was kept nobody knows it: zero.
alter table orders add column updated_at bigint not null default 0;
