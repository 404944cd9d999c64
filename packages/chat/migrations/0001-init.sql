-- Rooms, the people in them, and what was said.
create extension if not exists pg_trgm;
create extension if not exists btree_gin;

create table rooms (
  id uuid primary key,
  workspace_id uuid not null,
  type text not null check (type in ('direct', 'group', 'project')),
  name text,
  project_id uuid,
  -- The two of a direct room, in order: one room a pair.
  pair text,
  created_by uuid not null,
  version int not null default 1,
  -- People who were away were told of messages up to there, or are being told up to there.
  told_seq bigint not null default 0,
  telling_seq bigint not null default 0,
  created_at timestamptz(3) not null default now(),
  updated_at timestamptz(3) not null default now(),
  deleted_at timestamptz(3),
  check ((type = 'direct') = (pair is not null) and (type = 'direct') = (name is null) and (type = 'project') = (project_id is not null))
);
create unique index rooms_pair on rooms (workspace_id, pair) where deleted_at is null;
create index rooms_deleted on rooms (deleted_at) where deleted_at is not null;

create table participants (
  room_id uuid not null references rooms on delete cascade,
  user_id uuid not null,
  -- The room's, which never changes.
  workspace_id uuid not null,
  role text not null check (role in ('admin', 'member')),
  read_seq bigint not null default 0,
  joined_at timestamptz(3) not null default now(),
  primary key (room_id, user_id)
) with (fillfactor = 80);
create index participants_mine on participants (user_id, workspace_id);
create index participants_order on participants (room_id, joined_at, user_id);

create table messages (
  id uuid primary key,
  room_id uuid not null references rooms on delete cascade,
  seq bigint not null,
  client_id uuid not null,
  sender_id uuid,
  sender_name text not null,
  type text not null check (type in ('text', 'image', 'file', 'system')),
  content text not null,
  attachments jsonb not null default '[]',
  mentions uuid[] not null default '{}',
  reply_to uuid,
  reply_seq bigint,
  -- [{ emoji, userIds }]
  reactions jsonb not null default '[]',
  version int not null default 1,
  created_at timestamptz(3) not null default now(),
  edited_at timestamptz(3),
  deleted_at timestamptz(3),
  unique (room_id, seq)
) with (fillfactor = 90);
create unique index messages_client on messages (room_id, client_id, sender_id);
create index messages_text on messages using gin (room_id, content gin_trgm_ops) where deleted_at is null and type <> 'system';
create index messages_newest on messages (created_at desc, id desc) where deleted_at is null;

create table uploads (
  id uuid primary key,
  room_id uuid not null references rooms on delete cascade,
  key text not null unique,
  name text not null,
  content_type text not null,
  size bigint not null,
  created_by uuid not null,
  created_at timestamptz(3) not null default now(),
  -- The message that shows it; null until it is sent. The message is stored last, so nothing can hold this to it.
  message_id uuid
);
create index uploads_waiting on uploads (created_at) where message_id is null;
create index uploads_room on uploads (room_id);
create index uploads_message on uploads (message_id) where message_id is not null;

-- One call a room at a time. `livekit_room` is what LiveKit calls it, and nobody can guess.
create table calls (
  id uuid primary key,
  room_id uuid not null references rooms on delete cascade,
  livekit_room text not null unique,
  started_by uuid not null,
  started_at timestamptz(3) not null default now(),
  ended_at timestamptz(3)
);
create unique index calls_running on calls (room_id) where ended_at is null;
create index calls_age on calls (started_at) where ended_at is null;

-- A device in a call, as LiveKit names it: somebody who comes back has a new one.
create table call_devices (
  call_id uuid not null references calls on delete cascade,
  sid text not null,
  user_id uuid not null,
  joined_at timestamptz(3) not null,
  left_at timestamptz(3),
  primary key (call_id, sid)
);

-- What LiveKit said already.
create table livekit_events (
  id text primary key,
  at timestamptz not null default now()
);
create index livekit_events_age on livekit_events (at);
