-- What was seen of the order that holds a ticket is in the ticket's own row, which is written with
-- it anyway; `holds` is left with the other orders, most of them ended. Both together are what was
-- seen; an older line of `holds` about the holder does no harm.
alter table tickets add column order_status text;
alter table tickets add column order_version bigint;
