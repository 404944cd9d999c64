-- Whom configuration makes an admin stands in the audit log, too. The action is one of its own: whom an admin has given a
-- role is known by `user.role`, and configuration gives them none any more.
alter table ops.audit drop constraint audit_action_check, add constraint audit_action_check
  check (action in ('user.status', 'user.role', 'user.name', 'user.admin', 'setting', 'job.retry', 'job.discard'));
