-- Why: "another time" and "nobody there" (D73, D71) are no ends: the order has a new promise, or is looked for twice and kept for a
-- while. What will be late is known before it is (C88). How long branches take to accept is told by its median, too. A second
-- ticket about the same order is a second contact (C102); days that are added up already lack both and are added up once more.

-- How often the diner was not reached at the door.
alter table orders add column attempts bigint not null default 0;
-- Until when the food is kept for its diner.
alter table orders add column held_until bigint;
-- How often the diner moved it to another time.
alter table orders add column rescheduled bigint not null default 0;
-- When it is expected, while that is too late.
alter table orders add column expected_at bigint;
-- When headquarters was told so: once.
alter table orders add column foretold_at bigint;

-- Accepted within so many seconds.
alter table roll_kitchens add column took_5 bigint not null default 0;
alter table roll_kitchens add column took_10 bigint not null default 0;
alter table roll_kitchens add column took_15 bigint not null default 0;
alter table roll_kitchens add column took_20 bigint not null default 0;
alter table roll_kitchens add column took_30 bigint not null default 0;
alter table roll_kitchens add column took_45 bigint not null default 0;
alter table roll_kitchens add column took_60 bigint not null default 0;
alter table roll_kitchens add column took_90 bigint not null default 0;
alter table roll_kitchens add column took_120 bigint not null default 0;
alter table roll_kitchens add column took_180 bigint not null default 0;
alter table roll_kitchens add column took_240 bigint not null default 0;
alter table roll_kitchens add column took_300 bigint not null default 0;
alter table roll_kitchens add column took_600 bigint not null default 0;
alter table roll_kitchens add column took_1800 bigint not null default 0;

create index tickets_by_order on tickets (order_id, at) where order_id is not null;
create index tickets_by_call on tickets (call_id) where call_id is not null;

update report_days set fresh = 0, life = life + 1;
