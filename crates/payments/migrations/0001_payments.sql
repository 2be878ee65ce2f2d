-- What this context knows of the orders that can be paid, as orders tells it.
create table payable_orders (
    order_id uuid primary key,
    buyer_id uuid not null,
    price bigint not null,
    currency text not null,
    status text not null,
    expires_at bigint not null,
    version bigint not null
);

-- `card_token` is kept only until the card gateway has answered.
create table payments (
    id uuid primary key,
    order_id uuid not null,
    payer_id uuid not null,
    status text not null,
    charge_id text,
    decline_code text,
    card_token text,
    amount bigint not null,
    currency text not null,
    version bigint not null,
    created_at bigint not null,
    constraint payments_amount_not_negative check (amount >= 0),
    constraint payments_token_iff_pending
        check ((status = 'pending') = (card_token is not null))
);

-- An order has at most one payment that is neither failed nor voided.
create unique index payments_one_live_per_order on payments (order_id)
    where status not in ('failed', 'voided');
create index payments_by_order on payments (order_id, id);
create index payments_unsettled on payments (id) where status in ('pending', 'authorized');
