-- Why: at every start the parts of calls that a crash left open are closed. Without this, those of all years are looked through
-- (a quarter of a second with a million calls), and the first caller waits for it.

create index call_parts_open on call_parts (call_id) where until_at is null;
