-- Why: whether callers have to ring again about the same is counted (first contact resolution, C102). Days that are added up already
-- lack it: they are added up once more in the background.

create table roll_contacts (
    day text not null,
    -- Quarters of an hour after midnight.
    slot bigint not null,
    contacts bigint not null,
    -- Rang again within a day, and ordered nothing new.
    returned bigint not null,
    primary key (day, slot)
);

create index calls_by_caller on calls (caller, arrived_at);

update report_days set fresh = 0, life = life + 1;
