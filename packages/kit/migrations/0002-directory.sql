-- How far this service has followed a log of another one; moves in the transaction that applies the event.
create table kit.cursors (
  log text primary key,
  seq bigint not null default 0
);
