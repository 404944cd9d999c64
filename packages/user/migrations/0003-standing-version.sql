-- Grows with every change of status or role. By it Redis tells a decision that is told again from a newer one: the job
-- of a suspension, repeated after the reactivation, must not end what was begun since.
alter table users add column standing_version int not null default 0;

create or replace view ops.people as
  select id, email, name, role, status, email_verified_at is not null as email_verified, version, created_at, updated_at,
    (select count(*) from public.members m where m.user_id = u.id) as workspaces, standing_version
  from public.users u where deleted_at is null;

create or replace function ops.set_standing(actor uuid, target uuid, what text, wanted text, why text) returns text
language plpgsql security definer set search_path = '' as $$
declare
  verdict text := ops.may(actor, target);
  before text;
begin
  if verdict <> 'may' then return verdict; end if;
  if actor = target then return 'self'; end if;
  select case what when 'status' then status when 'role' then role end into strict before from public.users where id = target;
  if before = wanted then return 'same'; end if;
  update public.users set version = version + 1, standing_version = standing_version + 1, updated_at = now(),
    status = case what when 'status' then wanted else status end, role = case what when 'role' then wanted else role end
    where id = target;
  insert into ops.audit (actor_id, action, target, was, became, reason)
    values (actor, 'user.' || what, target::text, to_jsonb(before), to_jsonb(wanted), why);
  insert into kit.outbox (task, payload) values ('standing.apply', json_build_object('userId', target));
  return 'done';
end $$;
