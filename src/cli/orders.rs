//! `dinetone orders`: what was ordered.

use clap::{Args, Subcommand};

use super::{Failure, Settings, kept_store, output};
use crate::domain::{Money, Order, ShopClock};
use crate::store::OrderFilter;
use crate::wire::OrderOut;

/// List orders, or show one with its lines and prices as sold.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  dinetone orders list\n  dinetone orders list --json | jq '.[0].lines'\n  dinetone orders show 2611210001"
)]
pub struct OrdersArgs {
    #[command(flatten)]
    settings: Settings,
    #[command(subcommand)]
    command: OrdersCommand,
}

#[derive(Debug, Subcommand)]
enum OrdersCommand {
    /// The latest orders first.
    List {
        #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..))]
        limit: u32,
        /// For programs.
        #[arg(long)]
        json: bool,
    },
    /// One order.
    Show {
        number: String,
        /// For programs.
        #[arg(long)]
        json: bool,
    },
}

pub(super) async fn run(args: OrdersArgs) -> Result<(), Failure> {
    let config = args.settings.read()?;
    let store = kept_store(&config).await?;
    match args.command {
        OrdersCommand::Show { number, json } => {
            let Some(order) = store.order(&number).await.map_err(|error| error.to_string())? else {
                return Err(format!("there is no order {number}; see dinetone orders list").into());
            };
            if json {
                return Ok(output::json(&OrderOut::of(&order))?);
            }
            show(&config.shop.clock, &order);
        }
        OrdersCommand::List { limit, json } => {
            let orders = store.orders(&OrderFilter { limit, ..OrderFilter::default() }).await.map_err(|error| error.to_string())?;
            if json {
                return Ok(output::json(&orders.iter().map(OrderOut::of).collect::<Vec<_>>())?);
            }
            list(&config.shop.clock, &orders);
        }
    }
    Ok(())
}

fn list(clock: &ShopClock, orders: &[Order]) {
    let rows: Vec<Vec<String>> = orders
        .iter()
        .map(|order| {
            let out = OrderOut::of(order);
            let lines: Vec<String> = order.lines.iter().map(|line| format!("{}×{}", line.zh, line.quantity)).collect();
            vec![
                out.number,
                output::on_the_wall(clock, &out.placed_at),
                out.status.to_owned(),
                out.phone,
                out.fulfilment.to_owned(),
                order.pay.to_string(),
                lines.join(" "),
            ]
        })
        .collect();
    output::table(&["ORDER", "PLACED", "STATUS", "PHONE", "HOW", "PAY", "DISHES"], &rows);
}

fn show(clock: &ShopClock, order: &Order) {
    let out = OrderOut::of(order);
    output::line(&format!("Order    {}   {}", out.number, out.status));
    output::line(&format!("Phone    {}   member {}", out.phone, out.member.as_deref().unwrap_or("–")));
    output::line(&format!("{}  branch {}   {}", out.fulfilment, out.branch, out.address.as_deref().unwrap_or("")));
    output::line(&format!(
        "Placed   {}   promised {}",
        output::on_the_wall(clock, &out.placed_at),
        output::on_the_wall(clock, &out.promised_at)
    ));
    let mut rows: Vec<Vec<String>> = order
        .lines
        .iter()
        .map(|line| {
            vec![
                line.dish.to_string(),
                format!("{} {}", line.zh, line.en),
                line.quantity.to_string(),
                line.price.to_string(),
                line.amount.to_string(),
            ]
        })
        .collect();
    let mut sum =
        |what: &str, amount: Money| rows.push(vec![String::new(), what.to_owned(), String::new(), String::new(), amount.to_string()]);
    sum("goods", order.goods);
    for discount in &order.discounts {
        sum(discount.reason.name(), Money::ZERO.minus(discount.amount));
    }
    sum("delivery fee", order.fee);
    sum("to pay", order.pay);
    output::table(&["NO", "DISH", "QTY", "EACH", "AMOUNT"], &rows);
}
