-- A folder in the trash whose files are being taken out of it, since they are more than one transaction takes: it follows
-- them when they are all out.
alter table folders add column coming_back boolean not null default false;
