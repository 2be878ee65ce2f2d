-- Tickets, orders and payments tell by their own rows who owns them and what they belong to. What
-- was written down of that a second time is not read any more.
delete from tuples where object >= 'Order:' and object < 'Order;';
delete from tuples where object >= 'Payment:' and object < 'Payment;';
delete from tuples where object >= 'Ticket:' and object < 'Ticket;';
