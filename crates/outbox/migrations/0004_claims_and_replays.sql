-- Of several processes with this database, the one that delivers an event, and until when it alone
-- does. Free when null, as it always is where one process has the database for itself.
alter table outbox add column claimed_by uuid;
alter table outbox add column claimed_until bigint;

-- When somebody asked for a dead letter to be handled once more.
alter table dead_letters add column replay_at bigint;
create index dead_letters_to_replay on dead_letters (replay_at) where replay_at is not null;
