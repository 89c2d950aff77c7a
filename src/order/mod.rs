//! What a diner chooses, what it costs, and how it becomes an order.

pub mod cart;
pub mod placing;
pub mod pricing;
