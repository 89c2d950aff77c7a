-- Why: guests ask for an invoice while they order (C91). Who it is made out to is checked once, kept with the order, given to the
-- provider who issues it after delivery, and what became of it comes back. Issuing is the provider's.

create table invoices (
    -- One request an order.
    order_id text primary key,
    number text not null,
    customer text,
    kind text not null check (kind in ('person', 'company')),
    title text not null,
    -- Capital letters and digits; null for a person.
    tax_number text,
    email text,
    phone text,
    -- exported: the provider has it.
    status text not null check (status in ('asked', 'exported', 'issued', 'failed', 'withdrawn')),
    asked_at bigint not null,
    asked_by text not null,
    -- Names what was given to the provider together, and the sum that was then.
    batch text,
    amount_fen bigint,
    -- The invoice's own number, or why there is none.
    told text not null,
    changed_at bigint not null
);
create index invoices_by_time on invoices (asked_at);
create index invoices_waiting on invoices (asked_at) where status = 'asked';
create index invoices_by_batch on invoices (batch) where batch is not null;
-- What a customer asked for before is offered again.
create index invoices_by_customer on invoices (customer, asked_at) where customer is not null;
