-- Why: recordings that people upload are in every backup and reach every node.

create table prompt_recordings (
    id text primary key,
    language text not null,
    -- The path of its file below the language, without .wav: ui/main.menu, name/dish-18
    clip text not null,
    at bigint not null,
    by_name text not null,
    -- A-law at 8 kHz, in hexadecimal digits
    sound text not null,
    -- The one that callers hear; at most one of a clip
    chosen bigint not null check (chosen in (0, 1))
);
create index prompt_recordings_by_clip on prompt_recordings (language, clip, at);
create index prompt_recordings_chosen on prompt_recordings (chosen) where chosen = 1;
