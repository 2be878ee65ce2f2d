-- `revision` grows with every write of the row, `version` only with changes that others see.
create table tickets (
    id uuid primary key,
    seller_id uuid not null,
    title text not null,
    search text not null,
    description text,
    price bigint not null,
    currency text not null,
    status text not null,
    order_id uuid,
    version bigint not null,
    revision bigint not null,
    created_at bigint not null,
    updated_at bigint not null,
    constraint tickets_price_not_negative check (price >= 0)
);
create index tickets_by_seller on tickets (seller_id, id);

-- What this context has seen of the orders for its tickets, so that it knows who holds one
-- whatever the order in which events arrive.
create table holds (
    order_id uuid primary key,
    ticket_id uuid not null references tickets (id),
    status text not null,
    version bigint not null
);
create index holds_by_ticket on holds (ticket_id);
