-- Why: people answer calls. What they must know of a customer, who spoke with whom, what was promised to be returned, and
-- what they were typing live in the store, so that it holds on every node, after a reload and after a restart.

alter table customers add column name text not null default '';
-- Lists: one entry a line.
alter table customers add column tastes text not null default '';
alter table customers add column allergies text not null default '';
alter table customers add column tags text not null default '';
alter table customers add column note text not null default '';
-- The one agent whose customer this is (I12), and the team behind.
alter table customers add column owner text;
alter table customers add column team text;
create index customers_by_name on customers (name);
create index customers_by_owner on customers (owner) where owner is not null;
-- The last four digits find a customer.
create index customer_phones_by_tail on customer_phones ((substr(phone, length(phone) - 3)));

create table customer_never (
    customer text not null references customers (id),
    -- Agents who are not to speak with this customer (C40).
    agent text not null,
    primary key (customer, agent)
);

-- Every change of a customer by a person, with its reason; appended to, never changed.
create table customer_changes (
    id text primary key,
    customer text not null references customers (id),
    at bigint not null,
    by_user text not null,
    by_name text not null,
    -- name, tastes, allergies, tags, note, owner, team, never, phones, address
    kind text not null,
    before text not null,
    after text not null,
    reason text not null
);
create index customer_changes_by_customer on customer_changes (customer, at);

-- Who spoke with whom last: by customer, or by number while nobody knows whose it is.
create table last_agents (
    -- customer:ID or phone:NUMBER
    who text primary key,
    agent text not null,
    name text not null,
    call_id text,
    at bigint not null
);

create table wrap_ups (
    call_id text not null,
    agent text not null,
    agent_name text not null,
    customer text,
    phone text,
    -- Two digits; null while it is being typed.
    disposition bigint check (disposition between 10 and 99),
    note text not null,
    order_number text,
    -- What is still to be done.
    follow text not null,
    saved_at bigint not null,
    primary key (call_id, agent)
);
create index wrap_ups_by_customer on wrap_ups (customer, saved_at) where customer is not null;
create index wrap_ups_by_time on wrap_ups (saved_at);

-- Who spoke with a caller from when to when.
create table call_parts (
    id text primary key,
    call_id text not null,
    kind text not null check (kind in ('agent', 'consult', 'outside', 'supervisor')),
    agent text,
    name text not null,
    queue text,
    from_at bigint not null,
    until_at bigint,
    -- How it began and how it ended: ring, transfer, conference, listen; hang_up, transferred, lost
    began text not null,
    ended text not null,
    held_ms bigint not null,
    note text not null
);
create index call_parts_by_call on call_parts (call_id);
create index call_parts_by_agent on call_parts (agent, from_at) where agent is not null;

-- One row for each time that a caller entered a queue; open ones of a killed process become call-backs (I11).
create table queue_visits (
    id text primary key,
    call_id text not null,
    node text not null,
    queue text not null,
    phone text,
    customer text,
    language text not null,
    entered_at bigint not null,
    left_at bigint,
    outcome text check (outcome in ('answered', 'abandoned', 'callback', 'message', 'menu', 'moved', 'no_agent', 'interrupted')),
    agent text,
    is_callback bigint not null check (is_callback in (0, 1))
);
create index queue_visits_by_call on queue_visits (call_id);
create index queue_visits_by_time on queue_visits (entered_at);
create index queue_visits_open on queue_visits (node) where left_at is null;

create table drafts (
    agent text not null,
    key text not null,
    title text not null,
    -- JSON, the console's own.
    body text not null,
    saved_at bigint not null,
    primary key (agent, key)
);
create index drafts_by_time on drafts (saved_at);

-- Callers whom nobody spoke with: one open entry for each number.
create table missed (
    id text primary key,
    kind text not null check (kind in ('abandoned', 'missed', 'callback_failed', 'voicemail')),
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
    done_how text
);
create unique index missed_open on missed (phone) where done_at is null;
create index missed_by_time on missed (at);

create table call_backs (
    id text primary key,
    phone text not null,
    customer text,
    queue text not null,
    language text not null,
    call_id text,
    status text not null check (status in ('wanted', 'dialling', 'talking', 'done', 'failed', 'cancelled')),
    -- Since when they wait: the place that they keep.
    since bigint not null,
    -- Not dialled before, nor after.
    not_before bigint not null,
    not_after bigint,
    tries bigint not null,
    -- Who dials, and until when nobody else may.
    claimed_by text,
    claimed_until bigint,
    why text not null,
    changed_at bigint not null
);
-- One request is one call-back (I8).
create unique index call_backs_open on call_backs (phone) where status in ('wanted', 'dialling', 'talking');
create index call_backs_by_time on call_backs (changed_at);

-- Who put a number on the block list or took it off; the list itself holds what is true now.
create table block_changes (
    id text primary key,
    phone text not null,
    at bigint not null,
    by_user text not null,
    by_name text not null,
    -- hard, soft, allow, lifted
    level text not null,
    until_at bigint,
    reason text not null
);
create index block_changes_by_phone on block_changes (phone, at);
alter table block_list add column by_name text not null default '';
alter table block_list add column id text;
create unique index block_list_by_id on block_list (id) where id is not null;

-- Orders that a person took down.
alter table orders add column agent text;
alter table orders add column agent_name text;
alter table orders add column call_id text;
alter table orders add column contact text;
alter table orders add column remark text;
-- Who let an order out of the zone through, and why.
alter table orders add column override_by text;
alter table orders add column override_why text;
alter table order_lines add column note text;
create index orders_by_call on orders (call_id) where call_id is not null;

create index calls_by_customer on calls (customer, arrived_at) where customer is not null;
create index messages_by_customer on messages (customer) where customer is not null;
create index messages_by_phone on messages (phone) where phone is not null;
