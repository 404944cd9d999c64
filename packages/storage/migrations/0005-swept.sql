-- How far the nightly look through S3 has come, in one row: a night does not reach the end of many millions of objects, and
-- the next one goes on there.
create table swept (
  one boolean primary key default true check (one),
  key text collate "C" not null
);
