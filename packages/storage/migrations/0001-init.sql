-- The drive of each workspace: folders, files with their versions, what is being uploaded, links.
create extension if not exists pg_trgm;
create extension if not exists btree_gin;

-- One row a workspace. Whoever changes a drive locks it first: trees and sums have one writer at a time.
create table drives (
  workspace_id uuid primary key,
  plan text not null default 'free' check (plan in ('free', 'pro')),
  limit_bytes bigint not null default 5368709120,
  used bigint not null default 0 check (used >= 0),
  reserved bigint not null default 0 check (reserved >= 0),
  -- Set with the workspace's deletion: nothing is added any more.
  deleted_at timestamptz(3)
);

create table usage (
  workspace_id uuid not null references drives on delete cascade,
  kind text not null check (kind in ('image', 'video', 'audio', 'document', 'archive', 'other')),
  bytes bigint not null check (bytes >= 0),
  primary key (workspace_id, kind)
);

-- `name_key` is the name as two people would call it the same. `trashed_with` is the folder or file whose deletion took it.
create table folders (
  id uuid primary key,
  workspace_id uuid not null references drives,
  parent_id uuid references folders,
  name text not null,
  name_key text collate "C" not null,
  created_by uuid not null,
  version int not null default 1,
  created_at timestamptz(3) not null default now(),
  updated_at timestamptz(3) not null default now(),
  deleted_at timestamptz(3),
  deleted_by uuid,
  trashed_with uuid,
  check (parent_id <> id)
);
create unique index folders_name on folders (workspace_id, parent_id, name_key) nulls not distinct where deleted_at is null;
create index folders_parent on folders (parent_id) where parent_id is not null;
create index folders_trash on folders (workspace_id, deleted_at desc, id desc) where trashed_with = id;
create index folders_trashed_with on folders (trashed_with) where trashed_with is not null;

create table files (
  id uuid primary key,
  workspace_id uuid not null references drives,
  folder_id uuid references folders,
  name text not null,
  name_key text collate "C" not null,
  current_version int not null default 1,
  size bigint not null,
  mime_type text not null,
  kind text not null,
  has_thumbnail boolean not null default false,
  created_by uuid not null,
  version int not null default 1,
  created_at timestamptz(3) not null default now(),
  updated_at timestamptz(3) not null default now(),
  deleted_at timestamptz(3),
  deleted_by uuid,
  trashed_with uuid
);
create unique index files_name on files (workspace_id, folder_id, name_key) nulls not distinct where deleted_at is null;
create index files_folder on files (folder_id) where folder_id is not null;
create index files_newest on files (workspace_id, created_at desc, id desc) where deleted_at is null;
create index files_text on files using gin (workspace_id, name gin_trgm_ops) where deleted_at is null;
create index files_trash on files (workspace_id, deleted_at desc, id desc) where trashed_with = id;
create index files_trashed_with on files (trashed_with) where trashed_with is not null;

create table versions (
  file_id uuid not null references files on delete cascade,
  number int not null,
  key text not null unique,
  size bigint not null,
  mime_type text not null,
  kind text not null,
  thumbnail_key text unique,
  created_by uuid not null,
  created_at timestamptz(3) not null default now(),
  primary key (file_id, number)
);

create table uploads (
  id uuid primary key,
  workspace_id uuid not null references drives,
  folder_id uuid,
  name text not null,
  size bigint not null,
  mime_type text not null,
  sha256 text,
  key text not null unique,
  -- Of an upload in parts: what S3 calls it.
  multipart_id text,
  -- What became of it: asked again, it is answered again.
  file_id uuid references files on delete cascade,
  created_by uuid not null,
  created_at timestamptz(3) not null default now()
);
create index uploads_age on uploads (created_at);
create index uploads_workspace on uploads (workspace_id);

create table shares (
  id uuid primary key,
  workspace_id uuid not null references drives,
  folder_id uuid unique references folders on delete cascade,
  file_id uuid unique references files on delete cascade,
  token_hash text not null unique,
  password_hash text,
  permission text not null check (permission in ('view', 'download')),
  expires_at timestamptz(3),
  created_by uuid not null,
  created_at timestamptz(3) not null default now(),
  check ((folder_id is null) <> (file_id is null))
);
create index shares_expired on shares (expires_at) where expires_at is not null;
