-- Search by name, and an index for each order in which tickets are listed.
--
-- `caseless` is the title as it is compared without case; the program folds it, as it does
-- `search`, so that what PostgreSQL thinks of letters doesn't matter. There are no tickets yet:
-- before this migration there was no exchange on PostgreSQL.
alter table tickets add column caseless text not null;

-- What everybody sees, in each order; and what only its seller sees.
create index tickets_approved_by_id on tickets (id) where status = 'approved';
create index tickets_approved_by_price on tickets (price, id) where status = 'approved';
create index tickets_approved_by_creation on tickets (created_at, id) where status = 'approved';
create index tickets_approved_by_title on tickets (search, id) where status = 'approved';
create index tickets_hidden_by_seller on tickets (seller_id, id) where status <> 'approved';
create index tickets_by_order on tickets (order_id, id) where order_id is not null;

-- The words of each title, in a table of their own: a ticket that is reserved is written anew with
-- all its indexes, and this one is the largest. `search` holds folded words with spaces between
-- them, so that no parser is needed.
create table tickets_fts (
    ticket_id uuid primary key references tickets (id) on delete cascade,
    words tsvector not null
);
create index tickets_fts_words on tickets_fts using gin (words) with (fastupdate = off);

create function tickets_keep_words() returns trigger language plpgsql as $$
begin
    insert into tickets_fts (ticket_id, words)
        values (new.id, array_to_tsvector(string_to_array(ltrim(new.search), ' ')))
        on conflict (ticket_id) do update set words = excluded.words;
    return null;
end $$;

create trigger tickets_inserted after insert on tickets
    for each row execute function tickets_keep_words();

create trigger tickets_renamed after update of search on tickets
    for each row when (old.search <> new.search) execute function tickets_keep_words();
