-- An address goes with the account, also of those who left before. Who has it since keeps what they decided.
create index invitations_email on invitations (email);

delete from invitations where (status <> 'pending' or expires_at <= now())
  and email in (select email from users where deleted_at is not null)
  and email not in (select email from users where deleted_at is null);
update users set email = 'deleted:' || id where deleted_at is not null;
