-- A board that goes and has more tasks than one transaction moves: where the rest of them follow to. Nothing new comes in.
alter table boards add column moving_to uuid references boards;
create index boards_moving_to on boards (moving_to);
