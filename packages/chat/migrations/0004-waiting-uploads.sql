-- How many of somebody's uploads wait in a room is asked with each one that begins: not counted among all that wait.
drop index uploads_waiting;
create index uploads_waiting on uploads (room_id, created_by) where message_id is null;
