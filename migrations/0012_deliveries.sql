-- Why: the sums of deliveries, as those of migration 9; they need the outcome of an order, which came later.

create table roll_deliveries (
    day text not null,
    branch bigint not null,
    zone text not null,
    rider text not null,
    delivered bigint not null,
    on_time bigint not null,
    late_10 bigint not null,
    late_30 bigint not null,
    late_60 bigint not null,
    late_ms bigint not null,
    undelivered bigint not null,
    primary key (day, branch, zone, rider)
);

-- Branch 0 is all of them together.
create table roll_delivery_times (
    branch bigint not null,
    day text not null,
    slot bigint not null,
    brought bigint not null,
    brought_on_time bigint not null,
    brought_late_60 bigint not null,
    brought_late_ms bigint not null,
    primary key (branch, day, slot)
);

create table roll_outcomes (
    branch bigint not null,
    day text not null,
    result text not null,
    became bigint not null,
    primary key (branch, day, result)
);

create table roll_kitchens (
    day text not null,
    branch bigint not null,
    sent bigint not null,
    accepted bigint not null,
    accept_ms bigint not null,
    refusals bigint not null,
    moved_on bigint not null,
    primary key (day, branch)
);

create table roll_unserved (
    day text not null,
    zone text not null,
    why text not null,
    unserved bigint not null,
    primary key (day, zone, why)
);

-- Every day is added up again, with these.
update report_days set fresh = 0, life = life + 1;
