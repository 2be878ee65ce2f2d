-- What became of each idempotency key. `status` is one of authorized, captured, voided, refunded,
-- declined, abandoned.
create table charges (
    key uuid primary key,
    charge_id text not null,
    amount bigint not null,
    currency text not null,
    card text not null,
    status text not null,
    decline_code text
);
create unique index charges_once on charges (charge_id);

-- The books: every movement of money, once.
create table movements (
    charge_id text not null,
    kind text not null,
    amount bigint not null,
    currency text not null,
    at bigint not null
);
create unique index movements_once on movements (charge_id, kind);

-- Which faults a card that was made to fail has had already.
create table faults_had (
    key uuid not null,
    operation text not null
);
create unique index faults_had_once on faults_had (key, operation);
