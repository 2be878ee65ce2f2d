-- Who can sign in: an e-mail address, in lower case, and the hash of a password (PHC string).
create table identities (
    id uuid primary key,
    email text not null,
    password_hash text not null,
    created_at bigint not null
);
create unique index identities_email_once on identities (email);

-- The users of the exchange, each made together with its identity.
create table users (
    id uuid primary key,
    identity_id uuid not null references identities (id),
    email text not null
);
create unique index users_identity_once on users (identity_id);
create unique index users_email_once on users (email);

-- Sign-ins. The token itself is never stored, only its SHA-256 (hex).
create table sessions (
    id uuid primary key,
    token_hash text not null,
    identity_id uuid not null references identities (id),
    issued_at bigint not null,
    expires_at bigint not null,
    revoked_at bigint
);
create unique index sessions_token_once on sessions (token_hash);
create index sessions_by_expiry on sessions (expires_at);

-- Attempts to sign up or to sign in, with the form as it was last handed back (JSON).
create table flows (
    id uuid primary key,
    kind text not null,
    request_url text not null,
    issued_at bigint not null,
    expires_at bigint not null,
    form text not null
);
create index flows_by_expiry on flows (expires_at);

-- Who stands in which relation to what, in Keto's text form: `Ticket:T`, `owners`, `User:U`.
create table tuples (
    object text not null,
    relation text not null,
    subject text not null
);
create unique index tuples_once on tuples (object, relation, subject);
