-- Until when a ticket is reserved: its order's time to pay. Null while it is free, and once it is sold.
-- What is reserved while this is added began at its last change; fifteen minutes are the usual time.
alter table tickets add column reserved_until bigint;
update tickets set reserved_until = updated_at + 900000000
    where order_id is not null and order_status <> 'complete';

alter table holds add column expires_at bigint not null default 0;
