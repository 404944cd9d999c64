-- What a folded notification stands for, and which words it quotes, so that both can be put right later.

alter table notifications
  -- Of the event that it quotes. Null in what was told before there was this.
  add column event_id text;

-- How far each reader was told of what is folded: what comes late says nothing. Outlives the notification.
create table folds (
  recipient_id uuid not null,
  source text not null,
  fold_key text not null,
  seq bigint not null,
  at timestamptz not null default now(),
  primary key (recipient_id, source, fold_key)
);
create index folds_age on folds (at);

-- Where the event went: the log of that notification quotes it, also when its row quotes a later one.
alter table receipts add column notification_id uuid;

-- Whose words are deleted. What is still on its way is told without them.
create table withdrawn_events (
  source text not null,
  event_id text not null,
  at timestamptz not null default now(),
  primary key (source, event_id)
);
create index withdrawn_events_age on withdrawn_events (at);
