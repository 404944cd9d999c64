-- People, workspaces and who is in them. What must never be doubled is held by a constraint, so that no race can pass it.

create extension if not exists pg_trgm;

create table users (
  id uuid primary key,
  -- Lower case, as the contract makes it.
  email text not null,
  name text not null,
  -- A PHC string; null for who signs in with an identity provider only.
  password_hash text,
  -- Null until an identity provider vouched for the address: sign-up by password proves nothing.
  email_verified_at timestamptz(3),
  role text not null default 'user' check (role in ('user', 'viewer', 'operator', 'admin')),
  status text not null default 'active' check (status in ('active', 'inactive', 'suspended')),
  bio text,
  timezone text,
  locale text,
  avatar_key text,
  version int not null default 1,
  created_at timestamptz(3) not null default now(),
  updated_at timestamptz(3) not null default now(),
  deleted_at timestamptz(3)
);
-- Only the living hold an address, so that who was deleted can sign up again.
create unique index users_email on users (email) where deleted_at is null;

create table identities (
  provider text not null,
  subject text not null,
  user_id uuid not null references users,
  created_at timestamptz(3) not null default now(),
  primary key (provider, subject)
);
create index identities_user on identities (user_id);

-- Keys that were handed out for an upload and not confirmed yet, each to one person, with the key that the checked copy
-- gets: the form stays valid for a while, so what it writes to is never what is shown.
create table avatar_uploads (
  key text primary key,
  avatar_key text not null,
  user_id uuid not null references users,
  content_type text not null,
  created_at timestamptz(3) not null default now()
);

create table workspaces (
  id uuid primary key,
  name text not null,
  description text,
  is_public boolean not null,
  requires_approval boolean not null,
  only_owner_can_invite boolean not null,
  owner_id uuid,
  owner_role text not null generated always as ('owner') stored,
  -- Both change in the transaction that changes the members, under the lock of this row.
  member_count int not null default 0,
  membership_version bigint not null default 0,
  version int not null default 1,
  created_at timestamptz(3) not null default now(),
  updated_at timestamptz(3) not null default now(),
  -- The row stays when a workspace is deleted, so that its membership version never starts again.
  deleted_at timestamptz(3),
  check ((owner_id is null) = (deleted_at is not null))
);
create index workspaces_public on workspaces (name, id) where is_public and deleted_at is null;
create index workspaces_public_name on workspaces using gin (name gin_trgm_ops) where is_public and deleted_at is null;

create table members (
  workspace_id uuid not null references workspaces,
  user_id uuid not null references users,
  role text not null check (role in ('owner', 'admin', 'member')),
  joined_at timestamptz(3) not null default now(),
  primary key (workspace_id, user_id),
  unique (workspace_id, user_id, role)
);
create index members_user on members (user_id, workspace_id);
create index members_joined on members (workspace_id, joined_at, user_id);
-- At most one owner, and, by the reference from the workspace, never none.
create unique index members_owner on members (workspace_id) where role = 'owner';
alter table workspaces add constraint workspaces_owner foreign key (id, owner_id, owner_role)
  references members (workspace_id, user_id, role) deferrable initially deferred;

create table invitations (
  id uuid primary key,
  workspace_id uuid not null references workspaces,
  email text not null,
  role text not null check (role in ('admin', 'member')),
  -- SHA-256 of the token in the link, which is shown once and stored nowhere.
  token_hash bytea not null unique,
  status text not null default 'pending' check (status in ('pending', 'accepted', 'declined')),
  invited_by uuid not null references users,
  created_at timestamptz(3) not null default now(),
  expires_at timestamptz(3) not null,
  decided_at timestamptz(3)
);
create unique index invitations_pending on invitations (workspace_id, email) where status = 'pending';
create index invitations_newest on invitations (workspace_id, created_at, id);

create table join_requests (
  id uuid primary key,
  workspace_id uuid not null references workspaces,
  user_id uuid not null references users,
  message text,
  status text not null default 'pending' check (status in ('pending', 'approved', 'rejected')),
  created_at timestamptz(3) not null default now(),
  decided_at timestamptz(3),
  decided_by uuid references users,
  check ((status = 'pending') = (decided_at is null))
);
create unique index join_requests_pending on join_requests (workspace_id, user_id) where status = 'pending';
create index join_requests_newest on join_requests (workspace_id, created_at, id);
create index join_requests_user on join_requests (user_id);
