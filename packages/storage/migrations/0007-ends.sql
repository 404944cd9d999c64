-- Who leaves a workspace takes their links there along: those of who had left before that was so are looked for once.
create index shares_creator on shares (workspace_id, created_by);
-- An hour later, as long as processes of before may follow user-service, which leave links alone.
insert into kit.outbox (task, payload, run_at)
  select distinct 'shares.leave', jsonb_build_object('workspaceId', workspace_id, 'userId', created_by), now() + interval '1 hour' from shares;
-- Forms that nobody completed are given up long before the rest of their day: without this each look reads all of it.
create index uploads_forms on uploads (created_at) where file_id is null and multipart_id is null;
