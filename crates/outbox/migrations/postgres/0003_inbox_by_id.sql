-- One index instead of two: an event's id tells its age, so what is old is found without an index
-- of its own.
drop index inbox_once;
drop index inbox_by_age;
alter table inbox add constraint inbox_pkey primary key (event_id);
