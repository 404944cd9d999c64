-- What is in the trash or gone for good, by its workspace: what is dropped some at a time is found without reading the
-- drives of all others. (The tops of the trash have an index by their time.)
create index files_gone on files (workspace_id, trashed_with) where deleted_at is not null;
create index folders_gone on folders (workspace_id, trashed_with) where deleted_at is not null;
-- A file that goes takes the uploads along that became it: without this each reads all of the last day.
create index uploads_file on uploads (file_id) where file_id is not null;
