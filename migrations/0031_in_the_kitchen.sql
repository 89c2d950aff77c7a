-- Why: a branch that is to take an order over is found by its distance; what a branch has run out of is offered anew within the same
-- order (D83); what followed from a result by rule is taken back with it; a diner who was let down is owed something (D60).

-- "121.437000,31.188000": longitude and latitude; null when nobody has written it down.
alter table branches add column location text;

-- Numbers joined by commas: what its branch has run out of; empty when nobody said what; null when nothing is lacking.
alter table orders add column lacks text;

-- The order whose result said that the address is wrong, and how the address was before.
alter table addresses add column doubted_by text;
alter table addresses add column doubted_branch bigint;

-- Something off a customer's next order, once.
create table credits (
    id text primary key,
    customer text not null references customers (id),
    amount_fen bigint not null check (amount_fen > 0),
    -- The order that it makes good; one for each.
    for_order text not null unique,
    why text not null,
    made_at bigint not null,
    made_by text not null,
    until_at bigint not null,
    -- The order that it was taken off.
    used_by text unique,
    withdrawn_at bigint
);
create index credits_open on credits (customer, until_at) where used_by is null and withdrawn_at is null;

-- One more reason to take something off. A check cannot be widened in both databases: the table is made anew.
create table order_discounts_widened (
    order_id text not null references orders (id),
    place bigint not null,
    kind text not null check (kind in ('level', 'quantity', 'offer', 'points', 'credit')),
    -- Level, offer, dish or credit.
    subject text not null,
    percent bigint not null,
    -- Portions or points.
    count bigint not null,
    amount_fen bigint not null,
    primary key (order_id, place)
);
insert into order_discounts_widened (order_id, place, kind, subject, percent, count, amount_fen)
    select order_id, place, kind, subject, percent, count, amount_fen from order_discounts;
drop table order_discounts;
alter table order_discounts_widened rename to order_discounts;
