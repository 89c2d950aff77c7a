-- Why: what leaves the house because of an order — slips on paper, calls to branches, riders with food and money, messages to
-- customers — is written down before it is done, so that a restart neither forgets it nor does it twice; and who misuses the
-- line is dealt with by a person, in degrees, for a time.

create table printers (
    id text primary key,
    branch bigint not null,
    name text not null,
    -- host:port
    address text not null,
    -- Columns of the paper: 58 or 80 mm.
    width bigint not null check (width in (32, 48)),
    -- kitchen,packing,delivery
    slips text not null,
    buzzer bigint not null check (buzzer in (0, 1)),
    disabled bigint not null check (disabled in (0, 1)),
    -- What it said of itself last.
    state text not null check (state in ('none', 'ok', 'away', 'paper')),
    state_at bigint not null,
    changed_at bigint not null
);
create index printers_by_branch on printers (branch);

create table print_jobs (
    id text primary key,
    printer text not null references printers (id),
    branch bigint not null,
    order_id text not null,
    number text not null,
    slip text not null check (slip in ('kitchen', 'packing', 'delivery')),
    kind text not null check (kind in ('new', 'again', 'change', 'cancel')),
    version bigint not null,
    -- Which time it is printed again.
    copy bigint not null,
    -- JSON: the order as this slip tells it, and, for a change, as the slip before told it.
    ticket text not null,
    earlier text,
    -- asked: too old or in doubt, a person decides.
    status text not null check (status in ('waiting', 'printing', 'printed', 'asked', 'dropped')),
    tries bigint not null,
    next_at bigint not null,
    claimed_until bigint,
    -- After this nobody prints it without asking.
    fresh_until bigint not null,
    why text not null,
    made_at bigint not null,
    made_by text not null,
    done_at bigint,
    done_by text not null
);
-- The same slip is made once, whoever notices that it is due.
create unique index print_jobs_once on print_jobs (printer, order_id, slip, kind, version, copy);
create index print_jobs_due on print_jobs (printer, made_at) where status in ('waiting', 'printing', 'asked');
create index print_jobs_by_order on print_jobs (order_id);
create index print_jobs_by_time on print_jobs (made_at);

-- How far the journal has been worked through, by whom.
create table followers (
    name text primary key,
    seq bigint not null
);

-- Calls by which a branch is told of an order that nobody hears.
create table branch_calls (
    id text primary key,
    order_id text not null,
    number text not null,
    branch bigint not null,
    status text not null check (status in ('wanted', 'dialling', 'accepted', 'refused', 'settled', 'failed')),
    tries bigint not null,
    next_at bigint not null,
    claimed_by text,
    claimed_until bigint,
    -- How the last try ended.
    why text not null,
    made_at bigint not null,
    changed_at bigint not null
);
create unique index branch_calls_open on branch_calls (order_id) where status in ('wanted', 'dialling');
create index branch_calls_due on branch_calls (next_at) where status in ('wanted', 'dialling');
create index branch_calls_by_time on branch_calls (made_at);

create table riders (
    id text primary key,
    branch bigint not null,
    name text not null,
    -- Empty when nobody knows it; known numbers report by telephone without more ado.
    phone text not null,
    -- When they came back last; orders handed over since then are theirs now.
    in_at bigint not null,
    -- Owed at that moment.
    owed_fen bigint not null,
    retired bigint not null check (retired in (0, 1)),
    changed_at bigint not null
);
create unique index riders_by_phone on riders (phone) where retired = 0 and phone <> '';
create index riders_by_branch on riders (branch);
create index orders_by_rider on orders (rider, out_at) where rider is not null;

-- Money that riders handed in. Only ever appended to.
create table rider_cash (
    id text primary key,
    rider text not null references riders (id),
    at bigint not null,
    -- What was due, and what came.
    due_fen bigint not null,
    fen bigint not null,
    by_name text not null
);
create index rider_cash_by_rider on rider_cash (rider, at);

-- A rider's page for one order: whoever has the address may report.
create table rider_links (
    -- SHA-256
    hash text primary key,
    order_id text not null,
    made_at bigint not null,
    made_by text not null
);

-- What deliveries said about customers, once for each order and code.
create table customer_marks (
    order_id text not null,
    code text not null,
    phone text not null,
    customer text,
    at bigint not null,
    primary key (order_id, code)
);
create index customer_marks_by_phone on customer_marks (phone, at);

-- Numbers that somebody should decide about.
create table block_proposals (
    id text primary key,
    phone text not null,
    order_id text,
    number text,
    -- D90, D72, 62
    why text not null,
    note text not null,
    at bigint not null,
    proposed_by text not null,
    status text not null check (status in ('open', 'confirmed', 'dismissed')),
    level text,
    done_at bigint,
    done_by text
);
create unique index block_proposals_open on block_proposals (phone) where status = 'open';
create index block_proposals_by_time on block_proposals (at);

-- Calls that met the block list.
create table block_hits (
    id text primary key,
    phone text not null,
    level text not null,
    at bigint not null,
    call_id text not null
);
create index block_hits_by_time on block_hits (at);
create index block_hits_by_phone on block_hits (phone, at);

-- What exactly is done with their calls: decline, busy, hard, message, soft, agent, no_cash; null for what `level` says.
-- `level` keeps the class: 'hard' does not get through, 'soft' gets through in part, 'allow' wins over all.
alter table block_list add column degree text;

-- Messages to customers: made once for each order and event, delivered by a task.
create table customer_messages (
    id text primary key,
    order_id text not null,
    number text not null,
    -- accepted, out, delivered
    event text not null,
    phone text not null,
    text text not null,
    status text not null check (status in ('waiting', 'sending', 'sent', 'failed', 'declined')),
    tries bigint not null,
    next_at bigint not null,
    claimed_until bigint,
    -- How the last try ended.
    why text not null,
    made_at bigint not null,
    done_at bigint
);
create unique index customer_messages_once on customer_messages (order_id, event);
create index customer_messages_due on customer_messages (next_at) where status in ('waiting', 'sending');
create index customer_messages_by_time on customer_messages (made_at);

-- Numbers that want no messages.
create table message_refusals (
    phone text primary key,
    at bigint not null,
    by_name text not null
);
