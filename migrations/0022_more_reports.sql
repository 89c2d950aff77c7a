-- Why: more is counted (C102): discounts, new and known customers, the quality of lines. Days that are added up already lack it: they
-- are added up once more in the background.

create table roll_offers (
    day text not null,
    branch bigint not null,
    discount text not null,
    subject text not null,
    used bigint not null,
    off_fen bigint not null,
    primary key (day, branch, discount, subject)
);

create table roll_guests (
    day text not null,
    slot bigint not null,
    guest_orders bigint not null,
    first_orders bigint not null,
    member_orders bigint not null,
    guest_fen bigint not null,
    member_fen bigint not null,
    primary key (day, slot)
);

create table roll_quality (
    day text not null,
    trunk text not null,
    spoken bigint not null,
    one_way bigint not null,
    no_keys bigint not null,
    lossy bigint not null,
    packets_in bigint not null,
    packets_lost bigint not null,
    primary key (day, trunk)
);

update report_days set fresh = 0, life = life + 1;
