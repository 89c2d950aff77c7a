//! Wire tests: the real program in a process of its own, and real peers on loopback.
//!
//! As a newcomer I ring with whatever phone I have, and it works. As an operator I stop, kill, reload and back up the
//! server while diners order, and no order is ever lost or doubled. Every server has its own folder, ports and store;
//! everything here runs in real time, so tests poll with deadlines instead of sleeping.

mod api_campaigns;
mod api_desk;
mod api_house;
mod api_invoices;
mod api_kitchen;
mod api_plant;
mod baresip;
mod calls;
mod campaigns;
mod cluster;
mod cluster_floor;
mod console;
mod isolation;
mod kills;
mod offers;
mod operations;
mod server;
mod sip_ws;
mod sipp;
mod staff_phones;
mod streams;
mod tables;
mod texts;
mod web_board;
pub mod web_kit;
mod web_live;
mod web_sign_in;
mod webhooks;
