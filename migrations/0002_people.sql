-- Why: one customer may have many numbers and addresses, one number may belong to many customers;
-- points are a ledger that is only ever appended to, so that every balance can be explained.

create table customers (
    id text primary key,
    created_at bigint not null
);

create table customer_phones (
    phone text not null,
    customer text not null references customers (id),
    primary key (phone, customer)
);
create index customer_phones_by_customer on customer_phones (customer);

create table addresses (
    id text primary key,
    customer text references customers (id),
    label text not null,
    text text not null,
    clip text,
    recording text,
    branch bigint,
    unchecked bigint not null check (unchecked in (0, 1)),
    created_at bigint not null,
    used_at bigint not null
);
create index addresses_by_customer on addresses (customer);

create table members (
    number text primary key,
    customer text not null references customers (id),
    level text not null,
    -- argon2; never the PIN itself
    pin_hash text,
    -- The shop day of the last wrong tries, and how many there were.
    pin_day text not null default '',
    pin_wrong bigint not null default 0,
    -- Raised by everything that spends points, so that two spenders meet here.
    revision bigint not null default 0
);
create index members_by_customer on members (customer);

create table points (
    id text primary key,
    member text not null references members (number),
    at bigint not null,
    -- Orders the entries of one moment.
    seq bigint not null,
    points bigint not null,
    expires bigint,
    why text not null,
    order_id text
);
create index points_by_member on points (member, at, seq);

create table languages (
    phone text primary key,
    language text not null,
    at bigint not null
);

create table offers_heard (
    phone text not null,
    offer text not null,
    at bigint not null,
    primary key (phone, offer)
);

create table block_list (
    phone text not null,
    -- 'allow' wins over the two others.
    level text not null check (level in ('hard', 'soft', 'allow')),
    until_at bigint,
    reason text not null,
    at bigint not null,
    primary key (phone, level)
);

create table carts (
    id text primary key,
    customer text,
    phone text,
    lines text not null,
    step text not null,
    saved_at bigint not null
);
create index carts_by_customer on carts (customer);
create index carts_by_phone on carts (phone);
