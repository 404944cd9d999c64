-- What was said is told with the words that it now has, and a mention is read with what it stands in.

alter table notifications
  -- Its place in something that others are folded into, while it stands by itself.
  add column within_fold text,
  add column within_seq bigint;
create index notifications_within on notifications (recipient_id, source, within_fold, within_seq) where within_fold is not null and read_at is null;

-- How far its reader has read.
alter table folds add column read_seq bigint not null default 0;

-- What stands in place of the words, and its version; both null where nothing does, for good.
alter table withdrawn_events add column version int, add column excerpt text;

-- Of the words that this notification was given: 0 as it was told.
alter table receipts add column words_version int not null default 0;
