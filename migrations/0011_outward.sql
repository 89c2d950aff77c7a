-- Why: other systems are told what happens, in order and at least once, and complaints have an owner and a deadline until
-- somebody writes down what came of them.

create table webhooks (
    id text primary key,
    name text not null,
    url text not null,
    -- What its signatures are made with.
    secret text not null,
    -- Kinds of events, joined by commas; empty: all.
    kinds text not null,
    active bigint not null check (active in (0, 1)),
    -- The last entry of the journal that arrived there, or was none of its kinds.
    after_seq bigint not null,
    -- Tries in a row that failed, and when the next one is due.
    failures bigint not null,
    next_at bigint not null,
    -- How the last try went.
    told text not null,
    told_at bigint,
    -- The node that delivers, and until when no other does.
    claimed_by text,
    claimed_until bigint,
    made_by text not null,
    created_at bigint not null
);

create table tickets (
    id text primary key,
    -- Digits, as spoken to the caller.
    number text not null unique,
    kind text not null check (kind in ('complaint', 'suggestion', 'voicemail', 'join', 'delivery', 'food_safety', 'other')),
    -- 1 is the worst.
    severity bigint not null check (severity between 1 and 3),
    status text not null check (status in ('open', 'taken', 'closed')),
    customer text,
    phone text,
    order_id text,
    branch bigint,
    call_id text,
    recording text,
    words text not null,
    owner text,
    owner_name text,
    at bigint not null,
    due_at bigint not null,
    -- How often the deadline has passed.
    escalated bigint not null,
    closed_at bigint,
    closed_by text,
    outcome text,
    -- How the customer heard of it: called, message, nobody.
    told text,
    -- Raised by every change.
    revision bigint not null
);
create index tickets_open on tickets (due_at) where closed_at is null;
create index tickets_by_time on tickets (at);
create index tickets_by_customer on tickets (customer, at) where customer is not null;

-- What was done about it; appended to, never changed.
create table ticket_notes (
    ticket text not null references tickets (id),
    place bigint not null,
    at bigint not null,
    by_name text not null,
    -- opened, taken, given_back, note, changed, escalated, closed, played
    kind text not null,
    text text not null,
    primary key (ticket, place)
);

-- Messages that were left before there were tickets.
insert into tickets (id, number, kind, severity, status, customer, phone, order_id, branch, call_id, recording, words, at, due_at,
    escalated, closed_at, revision)
select m.number, m.number, m.kind, case when m.kind = 'complaint' then 2 else 3 end,
    case when m.status = 'closed' then 'closed' else 'open' end, m.customer, m.phone, m.order_id,
    (select o.branch from orders as o where o.id = m.order_id), (select r.call_id from recordings as r where r.id = m.recording),
    m.recording, '', m.at, m.at + 86400000, 0, case when m.status = 'closed' then m.at end, 0
from messages as m;
