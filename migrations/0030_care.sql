-- Why: customers are thought of in time: a birthday, three days after a first order, nine months of silence (C97). Each reminder happens
-- once, on one of all nodes, and what is to be asked stands with the call that somebody is to make.

-- MM-DD; the year is nobody's business.
alter table customers add column birthday text not null default '';
create index customers_by_birthday on customers (birthday) where birthday <> '';

-- One more kind of callers on the list, and what the person who calls is to ask. A check cannot be widened in both databases: the
-- table is made anew.
create table missed_widened (
    id text primary key,
    kind text not null check (kind in ('abandoned', 'missed', 'callback_failed', 'voicemail', 'cut_off', 'care')),
    call_id text,
    phone text not null,
    customer text,
    queue text,
    at bigint not null,
    times bigint not null,
    taken_by text,
    taken_name text,
    taken_at bigint,
    done_at bigint,
    done_by text,
    done_how text,
    note text not null default ''
);
insert into missed_widened (id, kind, call_id, phone, customer, queue, at, times, taken_by, taken_name, taken_at, done_at, done_by, done_how)
    select id, kind, call_id, phone, customer, queue, at, times, taken_by, taken_name, taken_at, done_at, done_by, done_how from missed;
drop table missed;
alter table missed_widened rename to missed;
create unique index missed_open on missed (phone) where done_at is null;
create index missed_by_time on missed (at);

create table care_reminders (
    rule text not null,
    customer text not null references customers (id),
    -- The order that it is about; for a birthday the year.
    anchor text not null,
    at bigint not null,
    -- task: a person calls; message; skipped: they want none, or are blocked
    how text not null check (how in ('task', 'message', 'skipped')),
    primary key (rule, customer, anchor)
);
create index care_reminders_by_time on care_reminders (at);
