//! What a diner chooses, what it costs, and how it becomes an order.

pub mod board;
pub mod cart;
pub mod dispatch;
pub mod foresee;
pub mod life;
pub mod placing;
pub mod pricing;
pub mod quality;
