-- A room that is dropped asks which calls were in it, also of those that have ended.
create index calls_room on calls (room_id);
-- The direct rooms of somebody who is gone, from either side of the pair.
create index rooms_pair_first on rooms (left(pair, 36)) where deleted_at is null;
create index rooms_pair_second on rooms (right(pair, 36)) where deleted_at is null;
