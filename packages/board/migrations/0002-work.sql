-- What a task carries besides its text, and what people add to it.
create extension if not exists pg_trgm;
create extension if not exists btree_gin;

create table labels (
  id uuid primary key,
  project_id uuid not null references projects on delete cascade,
  name text not null,
  color text not null,
  version int not null default 1,
  created_at timestamptz(3) not null default now(),
  updated_at timestamptz(3) not null default now()
);
create unique index labels_name on labels (project_id, lower(name));

-- `options` of a select: [{ id, name, color }].
create table fields (
  id uuid primary key,
  project_id uuid not null references projects on delete cascade,
  name text not null,
  type text not null check (type in ('text', 'number', 'date', 'select', 'person')),
  options jsonb not null default '[]',
  rank text collate "C" not null,
  version int not null default 1,
  created_at timestamptz(3) not null default now(),
  updated_at timestamptz(3) not null default now(),
  unique (project_id, rank)
);
create unique index fields_name on fields (project_id, lower(name));

-- A card is read far more often than it is changed: what it shows lies in its own row, counts too.
alter table tasks
  add column label_ids uuid[] not null default '{}',
  add column fields jsonb not null default '{}',
  add column watcher_ids uuid[] not null default '{}',
  add column comment_count int not null default 0,
  add column attachment_count int not null default 0,
  add column checklist_count int not null default 0,
  add column checklist_done int not null default 0;
-- The order in which a project's tasks are listed unless told otherwise; it does all that the index by project alone did.
create index tasks_created on tasks (project_id, created_at, id) where deleted_at is null;
drop index tasks_project;
create index tasks_trash_of on tasks (project_id, deleted_at desc, id desc) where deleted_at is not null;
create index tasks_text on tasks using gin (project_id, (title || E'\n' || description) gin_trgm_ops) where deleted_at is null;
create index tasks_due on tasks (due_date) where deleted_at is null and status <> 'done' and due_date is not null;

create table checklist_items (
  id uuid primary key,
  task_id uuid not null references tasks on delete cascade,
  project_id uuid not null references projects on delete cascade,
  title text not null,
  is_done boolean not null default false,
  rank text collate "C" not null,
  version int not null default 1,
  created_at timestamptz(3) not null default now(),
  updated_at timestamptz(3) not null default now(),
  unique (task_id, rank)
);

-- One that was deleted keeps its row without its text, so that the thread around it stays readable.
create table comments (
  id uuid primary key,
  task_id uuid not null references tasks on delete cascade,
  project_id uuid not null references projects on delete cascade,
  parent_id uuid references comments on delete cascade,
  author_id uuid not null,
  author_name text not null,
  content text not null,
  mentions uuid[] not null default '{}',
  version int not null default 1,
  created_at timestamptz(3) not null default now(),
  updated_at timestamptz(3) not null default now(),
  deleted_at timestamptz(3)
);
create index comments_task on comments (task_id, created_at, id);
create index comments_parent on comments (parent_id) where parent_id is not null;

create table attachments (
  id uuid primary key,
  task_id uuid not null references tasks on delete cascade,
  project_id uuid not null references projects on delete cascade,
  key text not null unique,
  name text not null,
  content_type text not null,
  size bigint not null,
  created_by uuid not null,
  created_at timestamptz(3) not null default now(),
  -- Null until what S3 really holds was looked at.
  confirmed_at timestamptz(3)
);
create index attachments_task on attachments (task_id, created_at, id);
create index attachments_project on attachments (project_id);

create table join_requests (
  id uuid primary key,
  project_id uuid not null references projects on delete cascade,
  user_id uuid not null,
  message text not null default '',
  status text not null default 'pending' check (status in ('pending', 'approved', 'rejected')),
  decided_by uuid,
  created_at timestamptz(3) not null default now(),
  decided_at timestamptz(3)
);
create unique index join_requests_pending on join_requests (project_id, user_id) where status = 'pending';
create index join_requests_project on join_requests (project_id, created_at desc, id desc);
create index join_requests_user on join_requests (user_id);

-- Which due date a task's people have been reminded of.
create table reminders (
  task_id uuid not null references tasks on delete cascade,
  due_date timestamptz(3) not null,
  primary key (task_id, due_date)
);
