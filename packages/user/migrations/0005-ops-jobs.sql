-- What operators decide of failed jobs, of whatever service: it is done over there, and stands in the audit log before.

alter table ops.audit drop constraint audit_action_check, add constraint audit_action_check
  check (action in ('user.status', 'user.role', 'user.name', 'setting', 'job.retry', 'job.discard'));

create function ops.note_job(actor uuid, job text, wanted text, failure text) returns text
language plpgsql security definer set search_path = '' as $$
begin
  perform from public.users where id = actor and role in ('operator', 'admin') and status = 'active'
    and deleted_at is null for share;
  if not found then return 'forbidden'; end if;
  insert into ops.audit (actor_id, action, target, was) values (actor, 'job.' || wanted, job, to_jsonb(failure));
  return 'done';
end $$;

revoke all on function ops.note_job from public;
do $$
begin
  execute format('grant execute on function ops.note_job to %I',
    coalesce(nullif(current_setting('wealist.ops_role', true), ''), 'wealist_ops'));
end $$;
