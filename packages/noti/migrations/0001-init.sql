-- What people were told, and how they want to be told.

create table notifications (
  id uuid primary key,
  recipient_id uuid not null,
  source text not null,
  type text not null,
  actor_id uuid,
  workspace_id uuid not null,
  data json not null,
  -- While it is unread, later ones with this key are folded into it.
  fold_key text,
  count int not null default 1,
  silent boolean not null,
  read_at timestamptz(3),
  version int not null default 1,
  -- Of the last event folded in; taken under the lock of the recipient's topic, so that it grows with the seq.
  created_at timestamptz(3) not null default clock_timestamp()
);
create index notifications_newest on notifications (recipient_id, created_at desc, id desc);
create index notifications_unread on notifications (recipient_id, created_at desc, id desc) where read_at is null;
create index notifications_workspace on notifications (workspace_id, recipient_id, created_at desc, id desc);
create unique index notifications_fold on notifications (recipient_id, source, fold_key) where fold_key is not null and read_at is null;
-- For retention alone: it gives no order, so that no plan walks through everybody's to find the newest of one.
create index notifications_age on notifications using brin (created_at);

-- Who was told of what. Outlives the notification, which its reader may delete.
create table receipts (
  source text not null,
  event_id text not null,
  recipient_id uuid not null,
  at timestamptz not null default now(),
  primary key (source, event_id, recipient_id)
);
create index receipts_age on receipts (at);

create table preferences (
  user_id uuid primary key,
  timezone text not null,
  quiet_hours json,
  in_app json not null,
  workspaces json not null,
  version int not null default 1,
  updated_at timestamptz(3) not null default now()
);

-- What is still on its way when a workspace is deleted is not told any more.
create table deleted_workspaces (
  id uuid primary key,
  at timestamptz not null default now()
);
