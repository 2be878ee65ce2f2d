-- Search by name, and an index for each order in which tickets are listed.
--
-- For SQLite only: FTS5 (https://sqlite.org/fts5.html). `place` is the key by which the index
-- knows a ticket. It grows with the ticket's id: the millisecond in the id, shifted by 15 bits,
-- and a number within that millisecond. So the index, which walks its entries in the order of
-- their keys, finds the newest first and stops when a page is full, however many there are.
alter table tickets add column place bigint;

update tickets set search = ' ' || words(title), place = numbered.place
    from (select id as ticket_id,
              ((('0x' || hex(substr(id, 1, 6))) ->> '$') << 15)
                  + row_number() over (partition by substr(id, 1, 6) order by id) - 1 as place
          from tickets) as numbered
    where tickets.id = numbered.ticket_id;

create unique index tickets_by_place on tickets (place);

-- What everybody sees, in each order; and what only its seller sees.
create index tickets_approved_by_id on tickets (id) where status = 'approved';
create index tickets_approved_by_price on tickets (price, id) where status = 'approved';
create index tickets_approved_by_creation on tickets (created_at, id) where status = 'approved';
create index tickets_approved_by_title on tickets (search, id) where status = 'approved';
create index tickets_hidden_by_seller on tickets (seller_id, id) where status <> 'approved';
create index tickets_by_order on tickets (order_id, id) where order_id is not null;

-- The texts stay in `tickets`; `search` holds folded words with spaces between them, so that the
-- simplest tokenizer does. An index for each length of prefix, or else a prefix that a million
-- words begin with would be collected whole before the first is shown.
create virtual table tickets_fts using fts5 (
    search,
    content = 'tickets',
    content_rowid = 'place',
    tokenize = 'ascii',
    prefix = '1 2 3 4 5 6 7 8 9 10 11 12',
    detail = none,
    columnsize = 0
);
insert into tickets_fts (tickets_fts) values ('rebuild');

create trigger tickets_inserted after insert on tickets begin
    update tickets set place = (
        select coalesce(max(place) + 1, (('0x' || hex(substr(new.id, 1, 6))) ->> '$') << 15)
        from tickets
        where place >= (('0x' || hex(substr(new.id, 1, 6))) ->> '$') << 15
            and place < ((('0x' || hex(substr(new.id, 1, 6))) ->> '$') + 1) << 15)
        where id = new.id;
    insert into tickets_fts (rowid, search) select place, search from tickets where id = new.id;
end;

create trigger tickets_renamed after update of search on tickets
    when old.search <> new.search begin
    insert into tickets_fts (tickets_fts, rowid, search) values ('delete', old.place, old.search);
    insert into tickets_fts (rowid, search) values (new.place, new.search);
end;

create trigger tickets_deleted after delete on tickets begin
    insert into tickets_fts (tickets_fts, rowid, search) values ('delete', old.place, old.search);
end;
