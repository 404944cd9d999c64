-- What operators may see and do. ops-service signs in with a role of its own, which gets what stands at the end of this
-- file and nothing else: it reads views, and changes people and settings by functions that write the audit log in the
-- same transaction.

create index users_name on users using gin (name gin_trgm_ops) where deleted_at is null;
create index users_email_part on users using gin (email gin_trgm_ops) where deleted_at is null;
create index users_newest on users (created_at, id) where deleted_at is null;

-- Those whom Redis must know as blocked, however it came by its data.
create index users_blocked on users (id) where status <> 'active' and deleted_at is null;

create schema ops;

create table ops.audit (
  id uuid primary key default gen_random_uuid(),
  at timestamptz(3) not null default clock_timestamp(),
  actor_id uuid not null references public.users,
  action text not null check (action in ('user.status', 'user.role', 'user.name', 'setting')),
  -- A person's id, or the key of a setting.
  target text not null,
  was jsonb,
  became jsonb,
  reason text
);
create index audit_newest on ops.audit (at, id);
create index audit_target on ops.audit (target, at, id);
create index audit_actor on ops.audit (actor_id, at, id);

-- Rows are only ever added, whoever asks.
create function ops.refuse() returns trigger language plpgsql as $$
begin
  raise exception 'the audit log is only ever added to' using errcode = '42501';
end $$;
create trigger audit_keeps before update or delete or truncate on ops.audit execute function ops.refuse();

create table ops.settings (
  key text primary key,
  value jsonb not null,
  version int not null default 1,
  updated_at timestamptz(3) not null default now()
);

create view ops.people as
  select id, email, name, role, status, email_verified_at is not null as email_verified, version, created_at, updated_at,
    (select count(*) from public.members m where m.user_id = u.id) as workspaces
  from public.users u where deleted_at is null;

-- Names of all who were ever here, for the log.
create view ops.names as select id, name from public.users;

-- Whether `actor` may change `target`, decided on rows that stay as they are until the end of the transaction. Both are
-- locked in one order, so that two who act on each other wait and do not meet in a deadlock; and read anew after that.
create function ops.may(actor uuid, target uuid) returns text
language plpgsql security definer set search_path = '' as $$
begin
  perform from public.users where id in (actor, target) order by id for no key update;
  if not exists (select from public.users where id = actor and role = 'admin' and status = 'active' and deleted_at is null) then
    return 'forbidden';
  elsif not exists (select from public.users where id = target and deleted_at is null) then
    return 'missing';
  end if;
  return 'may';
end $$;

-- Status or role. Whoever changes another is an admin who stays one, so there is always one left.
create function ops.set_standing(actor uuid, target uuid, what text, wanted text, why text) returns text
language plpgsql security definer set search_path = '' as $$
declare
  verdict text := ops.may(actor, target);
  before text;
begin
  if verdict <> 'may' then return verdict; end if;
  if actor = target then return 'self'; end if;
  select case what when 'status' then status when 'role' then role end into strict before from public.users where id = target;
  if before = wanted then return 'same'; end if;
  update public.users set version = version + 1, updated_at = now(),
    status = case what when 'status' then wanted else status end, role = case what when 'role' then wanted else role end
    where id = target;
  insert into ops.audit (actor_id, action, target, was, became, reason)
    values (actor, 'user.' || what, target::text, to_jsonb(before), to_jsonb(wanted), why);
  insert into kit.outbox (task, payload) values ('standing.apply', json_build_object('userId', target));
  return 'done';
end $$;

create function ops.set_name(actor uuid, target uuid, wanted text, expected int) returns text
language plpgsql security definer set search_path = '' as $$
declare
  verdict text := ops.may(actor, target);
  before record;
begin
  if verdict <> 'may' then return verdict; end if;
  select name, version into before from public.users where id = target;
  -- Null where the caller does not mind.
  if before.version <> expected then return 'stale'; end if;
  if before.name = wanted then return 'same'; end if;
  update public.users set name = wanted, version = version + 1, updated_at = now() where id = target;
  insert into ops.audit (actor_id, action, target, was, became)
    values (actor, 'user.name', target::text, to_jsonb(before.name), to_jsonb(wanted));
  return 'done';
end $$;

create function ops.set_setting(actor uuid, setting text, wanted jsonb, expected int) returns text
language plpgsql security definer set search_path = '' as $$
declare
  before record;
begin
  if ops.may(actor, actor) <> 'may' then return 'forbidden'; end if;
  -- A setting that nobody has set has no row to lock.
  perform pg_catalog.pg_advisory_xact_lock(7331003, pg_catalog.hashtext(setting));
  select value, version into before from ops.settings where key = setting;
  if coalesce(before.version, 0) <> expected then return 'stale'; end if;
  if before.value = wanted then return 'same'; end if;
  insert into ops.settings as s (key, value) values (setting, wanted)
    on conflict (key) do update set value = excluded.value, version = s.version + 1, updated_at = now();
  insert into ops.audit (actor_id, action, target, was, became) values (actor, 'setting', setting, before.value, wanted);
  return 'done';
end $$;

revoke all on all functions in schema ops from public;

-- The role is named by the database's setting wealist.ops_role where it is not called wealist_ops (a preview has its own).
do $$
declare
  ops_role text := coalesce(nullif(current_setting('wealist.ops_role', true), ''), 'wealist_ops');
begin
  execute format('grant usage on schema ops to %I', ops_role);
  execute format('grant select on ops.people, ops.names, ops.audit, ops.settings to %I', ops_role);
  execute format('grant execute on function ops.set_standing, ops.set_name, ops.set_setting to %I', ops_role);
end $$;
