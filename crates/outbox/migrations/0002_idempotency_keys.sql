-- What requests with a key were answered, for a day: a repeat gets the first answer again.
-- `status` and `body` are null while the outcome of what was made isn't known yet.
create table idempotency_keys (
    caller uuid not null,
    key text not null,
    fingerprint text not null,
    status bigint,
    body text,
    subject uuid,
    created_at bigint not null,
    constraint idempotency_keys_status_with_body check ((status is null) = (body is null)),
    constraint idempotency_keys_answer_or_subject
        check (status is not null or subject is not null)
);
create unique index idempotency_keys_once on idempotency_keys (caller, key);
create index idempotency_keys_by_age on idempotency_keys (created_at);
