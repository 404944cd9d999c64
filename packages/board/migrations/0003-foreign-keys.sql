-- A foreign key looks for what refers to a row that goes in the trash, too: an index that leaves that out is none to it.
-- So do a label, a field and a board that take what tasks have of them.
create index tasks_project on tasks (project_id);
create index tasks_board on tasks (board_id);
create index comments_project on comments (project_id);
create index checklist_items_project on checklist_items (project_id);
-- What the nightly purge looks for.
create index projects_trash on projects (deleted_at) where deleted_at is not null;
