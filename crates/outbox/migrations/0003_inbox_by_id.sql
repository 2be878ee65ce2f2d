-- One tree instead of three: an event's id tells its age, so what is old is found without an index
-- of its own.
create table inbox_by_id (
    event_id uuid not null primary key,
    seen_at bigint not null
) without rowid;
insert into inbox_by_id (event_id, seen_at) select event_id, seen_at from inbox;
drop table inbox;
alter table inbox_by_id rename to inbox;
