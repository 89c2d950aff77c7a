-- Why: text messages go out in parts by SMPP. Which parts the centre has taken must outlive this program, so that none is sent
-- twice, and the centre's receipts say what has reached the customer.

-- How it was sent: webhook, smpp; empty before the first try.
alter table customer_messages add column channel text not null default '';
-- What is known of its arrival: delivered, failed; empty while nothing is.
alter table customer_messages add column receipt text not null default '';
alter table customer_messages add column receipt_at bigint;
update customer_messages set channel = 'webhook' where tries > 0;

create table message_parts (
    message text not null references customer_messages (id),
    part bigint not null,
    -- How many the message has.
    parts bigint not null,
    -- What the centre calls it in its receipts.
    gateway_id text not null,
    taken_at bigint not null,
    -- The centre's word for what became of it, such as DELIVRD; empty while there is none.
    state text not null,
    delivered bigint check (delivered in (0, 1)),
    primary key (message, part)
);
create index message_parts_by_gateway on message_parts (gateway_id, taken_at);
