//! Stories, told with the nouns of the trade.

mod bad_days;
mod campaigns;
mod floor;
mod kitchen;
mod listening;
mod lost;
mod ordering;
mod people;
mod stopping;
mod the_line;
