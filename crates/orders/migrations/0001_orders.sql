-- What this context knows of the tickets that can be ordered, as tickets tells it.
create table listings (
    ticket_id uuid primary key,
    seller_id uuid not null,
    title text not null,
    price bigint not null,
    currency text not null,
    status text not null,
    version bigint not null
);

-- `revision` grows with every write of the row, `version` only with changes that others see.
create table orders (
    id uuid primary key,
    ticket_id uuid not null,
    ticket_title text not null,
    ticket_price bigint not null,
    ticket_currency text not null,
    ticket_version bigint not null,
    seller_id uuid not null,
    buyer_id uuid not null,
    status text not null,
    cancel_reason text,
    expires_at bigint not null,
    version bigint not null,
    revision bigint not null,
    created_at bigint not null,
    constraint orders_reason_iff_cancelled
        check ((status = 'cancelled') = (cancel_reason is not null))
);

-- The heart of the exchange: a ticket has at most one order that is not cancelled.
create unique index orders_one_active_per_ticket on orders (ticket_id)
    where status <> 'cancelled';
create index orders_by_buyer on orders (buyer_id, id);
create index orders_by_seller on orders (seller_id, id);
create index orders_unpaid_by_deadline on orders (expires_at)
    where status in ('created', 'awaiting:payment');

-- What this context has seen of the payments for its orders.
create table order_payments (
    payment_id uuid primary key,
    order_id uuid not null references orders (id),
    status text not null,
    version bigint not null
);
create index order_payments_by_order on order_payments (order_id);
