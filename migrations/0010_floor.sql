-- What people had to do with a call stands in its record: where and how long the caller waited, who had them, how it was summed up.

alter table calls add column queue text;
alter table calls add column agent text;
alter table calls add column waited_ms bigint not null default 0;
alter table calls add column disposition bigint;
