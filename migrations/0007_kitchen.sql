-- Why: an order belongs to somebody at every moment, and somebody must answer for it by a time. Both live in the store, so
-- that a restart loses no alarm and two people or two nodes cannot both win. What happened is appended, never changed.

-- clock, branch, headquarters, rider, nobody
alter table orders add column owner text not null default 'nobody';
-- When its present state becomes somebody's alarm.
alter table orders add column due_at bigint;
-- Raised with each change that the kitchen must see.
alter table orders add column version bigint not null default 1;
-- One more at every step: the guard of every change.
alter table orders add column life bigint not null default 0;
-- How far nobody's answer has been escalated: 0 rings, 1 loud, 2 task at headquarters, 3 telephoned.
alter table orders add column stage bigint not null default 0;
alter table orders add column cook_minutes bigint not null default 15;
alter table orders add column travel_minutes bigint not null default 20;
alter table orders add column release_at bigint;
alter table orders add column sent_at bigint;
alter table orders add column seen_at bigint;
alter table orders add column accepted_at bigint;
alter table orders add column cooking_at bigint;
alter table orders add column ready_at bigint;
-- What became of it: D00 … D99.
alter table orders add column outcome text;
alter table orders add column outcome_minutes bigint;
alter table orders add column outcome_by text;
alter table orders add column outcome_at bigint;
-- Until when whoever said so may correct it.
alter table orders add column outcome_until bigint;
alter table orders add column rider text;
alter table orders add column rider_name text;
alter table orders add column branch_why text not null default '';
-- Numbers, joined by commas.
alter table orders add column refused_by text not null default '';
alter table orders add column zone text;
-- JSON: a change that the branch must answer.
alter table orders add column pending text;
-- JSON: what the last step of the branch changed, and until when it can be taken back.
alter table orders add column undo text;
alter table orders add column change_why text not null default '';

-- Orders of earlier versions: open ones are looked at at once.
update orders set owner = 'clock', release_at = placed_at, due_at = placed_at where status = 'new';
update orders set owner = 'headquarters', due_at = placed_at where status = 'address_check';
update orders set owner = 'branch', sent_at = placed_at, seen_at = placed_at, accepted_at = placed_at, due_at = promised_at
    where status in ('accepted', 'cooking', 'ready', 'out');
update orders set sent_at = placed_at, outcome_at = done_at, outcome_minutes = (done_at - promised_at) / 60000, outcome = case
    when done_at - promised_at >= 3600000 then 'D60' when done_at - promised_at >= 1800000 then 'D30'
    when done_at - promised_at > 600000 then 'D10' else 'D00' end where status = 'done' and done_at is not null;

create index orders_due on orders (due_at) where due_at is not null;
create index orders_by_branch on orders (branch, promised_at);

create table order_events (
    order_id text not null references orders (id),
    -- The life that this step made.
    place bigint not null,
    at bigint not null,
    kind text not null,
    -- branch, headquarters, agent, rider, caller, system, telephone, program
    by_kind text not null,
    by_id text not null,
    by_name text not null,
    -- JSON
    data text not null,
    primary key (order_id, place)
);
create index order_events_by_time on order_events (at);

-- What a person at headquarters must look at.
create table tasks (
    id text primary key,
    kind text not null,
    -- One open task of a kind for each: the order's id, or branch:1.
    subject text not null,
    order_id text,
    number text,
    branch bigint,
    at bigint not null,
    due_at bigint,
    -- JSON: a code and its data; the page words it.
    words text not null,
    taken_by text,
    taken_name text,
    taken_at bigint,
    done_at bigint,
    done_by text,
    done_how text
);
create unique index tasks_open on tasks (kind, subject) where done_at is null;
create index tasks_by_order on tasks (order_id) where order_id is not null;
create index tasks_by_time on tasks (at);

-- Tablets of a branch: tied by a code that is shown once.
create table devices (
    id text primary key,
    branch bigint not null,
    name text not null,
    -- SHA-256; null when it has been used.
    code_hash text,
    code_until bigint not null,
    -- SHA-256 of what the cookie holds.
    secret_hash text unique,
    made_by text not null,
    created_at bigint not null,
    seen_at bigint,
    revoked_at bigint
);

-- The last sign of life of a branch's open boards, by node.
create table boards (
    branch bigint not null,
    node text not null,
    seen_at bigint not null,
    primary key (branch, node)
);

create table zones (
    id text primary key,
    branch bigint not null,
    name text not null,
    kind text not null check (kind in ('polygon', 'streets', 'keywords')),
    -- Corners "lon lat", or street rules, or words; one a line.
    rule text not null,
    -- What holds there instead of the branch's own; null for the branch's.
    fee_fen bigint,
    min_fen bigint,
    minutes bigint,
    retired bigint not null default 0 check (retired in (0, 1)),
    file_hash text
);

alter table branches add column cook_minutes bigint not null default 15;
-- At most so many portions, or so much money, promised for one quarter of an hour.
alter table branches add column capacity_items bigint;
alter table branches add column capacity_fen bigint;
alter table branches add column pause_until bigint;
alter table branches add column pause_reason text not null default '';
alter table branches add column pause_by text not null default '';

-- Changes of dishes, branches and zones by people; a change is taken back by another one.
create table admin_changes (
    id text primary key,
    kind text not null,
    subject text not null,
    at bigint not null,
    by_user text not null,
    by_name text not null,
    -- JSON; null when it was not there before, or is not there any more.
    before text,
    after text,
    undoes text
);
create index admin_changes_by_subject on admin_changes (kind, subject, at);
