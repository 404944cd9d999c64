-- Whoever fills the list of what the index has yet to take in empties it, and all who are stored with them wait. Of a
-- megabyte (in kB) that is some ten milliseconds, of the default's four it was forty.
alter index messages_text set (gin_pending_list_limit = 1024);
