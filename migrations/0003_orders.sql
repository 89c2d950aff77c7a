-- Why: an order keeps names and prices as they were sold; its key makes a repeated submit harmless.

create table orders (
    id text primary key,
    -- Made when the cart was opened: the same key never makes two orders.
    key text not null unique,
    -- YYMMDDnnnn
    number text not null unique,
    customer text,
    member text,
    phone text not null,
    language text not null,
    via text not null check (via in ('keypad', 'agent', 'api')),
    status text not null check (status in ('new', 'address_check', 'accepted', 'cooking', 'ready', 'out', 'done', 'cancelled')),
    fulfilment text not null check (fulfilment in ('delivery', 'pickup')),
    branch bigint not null,
    address_id text,
    address_text text not null,
    recording text,
    -- 2026-11-21T18:30:00 on the restaurant's clock; null for as soon as possible
    wanted_at text,
    goods_fen bigint not null,
    fee_fen bigint not null,
    pay_fen bigint not null check (pay_fen >= 0),
    points bigint not null,
    note text,
    -- The lines in one fixed form, to find the same order again.
    fingerprint text not null,
    placed_at bigint not null,
    promised_at bigint not null,
    out_at bigint,
    done_at bigint,
    urged_at bigint,
    changed_at bigint not null
);
create index orders_by_phone on orders (phone, placed_at);
create index orders_by_customer on orders (customer, placed_at);
create index orders_by_time on orders (placed_at);
create index orders_open on orders (status, placed_at);

create table order_lines (
    order_id text not null references orders (id),
    place bigint not null,
    dish bigint not null,
    zh text not null,
    en text not null,
    quantity bigint not null check (quantity between 1 and 99),
    size bigint,
    spice bigint,
    price_fen bigint not null,
    amount_fen bigint not null,
    primary key (order_id, place)
);

create table order_discounts (
    order_id text not null references orders (id),
    place bigint not null,
    kind text not null check (kind in ('level', 'quantity', 'offer', 'points')),
    -- Level, offer or dish.
    subject text not null,
    percent bigint not null,
    -- Portions or points.
    count bigint not null,
    amount_fen bigint not null,
    primary key (order_id, place)
);

-- What has happened to orders and members, written with the change itself.
create table journal (
    seq bigint primary key,
    at bigint not null,
    kind text not null,
    subject text not null,
    data text not null
);
