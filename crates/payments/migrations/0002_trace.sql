-- The trace of the request that asked for the payment: what is done for it later belongs to it.
alter table payments add column traceparent text;
