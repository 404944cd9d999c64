-- What every service's database has, so that a change, its event, its job and its answer commit together.
create schema if not exists kit;

-- The last seq of each live topic. Narrow, so that the updates of a hot topic stay on its page (HOT).
create table kit.heads (
  topic text primary key,
  head bigint not null default 0,
  epoch uuid not null default gen_random_uuid()
) with (fillfactor = 50);

-- The log: what a reconnecting client missed, the activity feed, the source of notifications.
create table kit.events (
  topic text not null,
  seq bigint not null,
  type text not null,
  payload text,
  actor_id uuid,
  subject uuid,
  at timestamptz(3) not null default now(),
  primary key (topic, seq)
);
create index events_subject on kit.events (topic, subject) where subject is not null;

-- Jobs of committed transactions on their way to the worker: without NOTIFY, whose lock at commit is instance-wide.
-- Rows live for milliseconds, so what they leave behind is cleared by number, not by share of the table.
create table kit.outbox (
  id bigint generated always as identity primary key,
  task text not null,
  payload json not null,
  job_key text,
  run_at timestamptz,
  at timestamptz not null default now()
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000, autovacuum_vacuum_insert_scale_factor = 0, autovacuum_vacuum_insert_threshold = 100000);

-- Up to which minute recurring jobs were added, so that of many processes one adds each.
create table kit.crons (
  name text primary key,
  last timestamptz not null
);

-- Answers of creating requests, by the key their sender chose.
create table kit.idempotency (
  actor text not null,
  route text not null,
  key text not null,
  hash text not null,
  owner uuid not null,
  lease timestamptz not null,
  status int,
  headers json,
  body text,
  created timestamptz not null default now(),
  primary key (actor, route, key)
);
create index idempotency_created on kit.idempotency (created);
