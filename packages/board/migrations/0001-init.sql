-- Projects, their people, their boards (columns) and tasks.
create table projects (
  id uuid primary key,
  workspace_id uuid not null,
  name text not null,
  description text not null default '',
  visibility text not null check (visibility in ('workspace', 'private')),
  start_date date,
  due_date date,
  created_by uuid not null,
  version int not null default 1,
  created_at timestamptz(3) not null default now(),
  updated_at timestamptz(3) not null default now(),
  deleted_at timestamptz(3),
  check (start_date <= due_date)
);
create index projects_workspace on projects (workspace_id, created_at desc, id desc) where deleted_at is null;

create table project_members (
  project_id uuid not null references projects on delete cascade,
  user_id uuid not null,
  role text not null check (role in ('owner', 'admin', 'member', 'viewer')),
  joined_at timestamptz(3) not null default now(),
  primary key (project_id, user_id)
);
create unique index project_members_owner on project_members (project_id) where role = 'owner';
create index project_members_user on project_members (user_id);

create table boards (
  id uuid primary key,
  project_id uuid not null references projects on delete cascade,
  name text not null,
  color text not null,
  rank text collate "C" not null,
  version int not null default 1,
  created_at timestamptz(3) not null default now(),
  updated_at timestamptz(3) not null default now(),
  unique (project_id, rank)
);

-- A task in the trash keeps its row and loses its place.
create table tasks (
  id uuid primary key,
  project_id uuid not null references projects on delete cascade,
  board_id uuid not null references boards,
  title text not null,
  description text not null default '',
  priority text not null check (priority in ('low', 'medium', 'high', 'urgent')),
  status text not null check (status in ('todo', 'in_progress', 'done')),
  due_date timestamptz(3),
  assignee_id uuid,
  rank text collate "C" not null,
  version int not null default 1,
  created_by uuid not null,
  created_at timestamptz(3) not null default now(),
  updated_at timestamptz(3) not null default now(),
  deleted_at timestamptz(3)
);
create unique index tasks_place on tasks (board_id, rank) where deleted_at is null;
create index tasks_project on tasks (project_id) where deleted_at is null;
create index tasks_trash on tasks (deleted_at) where deleted_at is not null;
