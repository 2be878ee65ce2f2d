-- Events that were committed with their state and are not yet delivered to everybody.
create table outbox (
    id uuid primary key,
    envelope text not null
);

-- Events that this context has handled: a redelivery changes nothing.
create table inbox (
    event_id uuid not null,
    seen_at bigint not null
);
create unique index inbox_once on inbox (event_id);
create index inbox_by_age on inbox (seen_at);

-- Events that this context could not handle, for a person to look at.
create table dead_letters (
    event_id uuid primary key,
    envelope text not null,
    reason text not null,
    parked_at bigint not null
);
