-- The trace of the request that placed the order: its timer's end belongs to it.
alter table timers add column traceparent text;
