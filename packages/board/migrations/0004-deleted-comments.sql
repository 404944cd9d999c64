-- Of a deleted comment the row stays, and it counts in how many a task may have: counted here, not among up to 5,000 rows
-- each time that somebody says something.
alter table tasks add column deleted_comment_count int not null default 0;
update tasks set deleted_comment_count = c.n
  from (select task_id, count(*) as n from comments where deleted_at is not null group by task_id) c where id = c.task_id;
