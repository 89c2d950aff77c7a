-- Why: dishes, branches, levels and offers live in the store, so that a change needs no restart and every node sees it.
-- `file_hash` is the fingerprint of the entry of menus.toml that a row came from; null when a person made the row.

create table shop (
    id bigint primary key check (id = 1),
    -- Rises with every change that a caller could hear about.
    catalogue_version bigint not null
);
insert into shop (id, catalogue_version) values (1, 1);

-- One row per thing that is counted (orders of a day, journal entries, cases): raised by one guarded statement.
create table counters (
    name text primary key,
    last bigint not null
);

create table levels (
    id text primary key,
    zh text not null,
    en text not null,
    discount_percent bigint not null check (discount_percent between 0 and 100),
    place bigint not null,
    retired bigint not null default 0 check (retired in (0, 1)),
    file_hash text
);

create table categories (
    id text primary key,
    zh text not null,
    en text not null,
    place bigint not null,
    retired bigint not null default 0 check (retired in (0, 1)),
    file_hash text
);

create table dishes (
    number bigint primary key check (number between 1 and 9999),
    zh text not null,
    en text not null,
    reading text,
    price_fen bigint not null check (price_fen >= 0),
    -- Large, medium, small in fen, joined by commas.
    size_price_fen text,
    category text not null,
    -- size, spice
    options text not null,
    -- 06:30-10:30
    served text,
    new_until text,
    alternative bigint,
    points bigint,
    retired bigint not null default 0 check (retired in (0, 1)),
    file_hash text
);

create table branches (
    number bigint primary key check (number between 1 and 9999),
    zh text not null,
    en text not null,
    reading text,
    address_zh text not null,
    address_en text not null,
    transit_zh text not null,
    transit_en text not null,
    phone text not null,
    -- Monday to Sunday, joined by ';', each with its spans joined by ','.
    week text not null,
    last_order_minutes bigint not null,
    delivery_minutes bigint not null,
    pickup_minutes bigint not null,
    min_delivery_fen bigint not null,
    delivery_fee_fen bigint not null,
    free_delivery_from_fen bigint,
    paused bigint not null default 0 check (paused in (0, 1)),
    retired bigint not null default 0 check (retired in (0, 1)),
    file_hash text
);

create table offers (
    id text primary key,
    zh text not null,
    en text not null,
    from_day text not null,
    until_day text not null,
    -- mon,tue,…; empty for every day
    days text not null,
    -- 10:00-14:00
    hours text,
    kind text not null check (kind in ('news', 'percent', 'amount')),
    category text,
    percent_off bigint,
    from_fen bigint,
    off_fen bigint,
    repeat_days bigint not null,
    place bigint not null,
    retired bigint not null default 0 check (retired in (0, 1)),
    file_hash text
);

create table holidays (
    id text primary key,
    first_day text not null,
    last_day text not null,
    branch bigint,
    retired bigint not null default 0 check (retired in (0, 1)),
    file_hash text
);

create table make_up_days (
    day text primary key,
    weekday text not null,
    retired bigint not null default 0 check (retired in (0, 1)),
    file_hash text
);

create table sold_out (
    -- dish:branch, or dish:* in all branches
    id text primary key,
    dish bigint not null,
    branch bigint,
    until_at bigint not null
);
