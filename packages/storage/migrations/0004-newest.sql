-- The files of a folder and those of a kind are listed from the newest: without these each page of a large folder reads
-- all of it, and a kind of which there are few all of the drive.
create index files_folder_newest on files (folder_id, created_at desc, id desc) where folder_id is not null;
drop index files_folder;
create index files_kind_newest on files (workspace_id, kind, created_at desc, id desc) where deleted_at is null;
