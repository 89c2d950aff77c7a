-- Why: what was written in tickets lately is read once a minute for words that nobody may overlook (C101), not what was written ever.

create index ticket_notes_by_time on ticket_notes (at);
