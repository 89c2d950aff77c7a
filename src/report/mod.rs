//! Figures for the head office: which reports there are, how each figure is counted, and how many people the next day needs.
//!
//! Nothing here reads a store: [`source`] says which sums are asked for, `store/reports` adds them up, [`build()`] makes the
//! table that the page, CSV and XLSX show alike.

pub mod build;
pub mod codes;
pub mod erlang;
pub mod figures;
pub mod list;
pub mod shape;
pub mod source;
pub mod staffing;
pub mod table;

pub use build::{Given, Words, build, worded_columns};
pub use shape::{Audience, Grain, Report};
pub use source::{Ask, Filter, Group, Key, Source, Sums};
pub use table::{Cell, Chart, Formula, Head, Kind, Table};
