-- A person has so many uploads under way at most.
create index avatar_uploads_user on avatar_uploads (user_id);
