-- Why: a caller who has heard a restaurant's address can have a link to a map of it sent to the telephone they call from (C28): a message
-- that is about no order but about a restaurant, once a day for each caller and restaurant.

-- The restaurant that a message without an order (event map) is about, and its day. Such a message's order_id is its own id.
alter table customer_messages add column branch bigint;
alter table customer_messages add column day text not null default '';
create unique index customer_messages_map_once on customer_messages (phone, branch, day) where event = 'map';
