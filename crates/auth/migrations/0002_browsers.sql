-- Attempts know who makes them. An api client's have no return_to and no csrf_hash; a browser's
-- have the SHA-256 (hex) of the secret in that browser's cookie. Attempts to change settings are
-- one identity's.
alter table flows add column type text not null default 'api';
alter table flows add column return_to text;
alter table flows add column csrf_hash text;
alter table flows add column is_refresh bigint not null default 0;
alter table flows add column identity_id uuid;
alter table flows add column is_done bigint not null default 0;

-- When the password was last shown (null: when the session was issued), and from where.
alter table sessions add column authenticated_at bigint;
alter table sessions add column ip_address text;
alter table sessions add column user_agent text;
create index sessions_by_identity on sessions (identity_id, id);
