-- One timer for each order that was seen. `status` is armed, fired or dropped; a dropped one
-- stays, so that an order whose cancellation came first is not armed after all.
create table timers (
    order_id uuid primary key,
    fires_at bigint not null,
    status text not null
);
create index timers_by_time on timers (fires_at) where status = 'armed';
create index timers_ended on timers (fires_at) where status <> 'armed';
