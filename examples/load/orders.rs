//! Orders in an SQLite store: confirmed at a fixed rate, before and after a million others, and as many as fill the boards.

use std::io;
use std::path::Path;
use std::time::Duration;

use dinetone::domain::{
    BranchNumber, CallId, CallRecord, Cart, CartLine, Catalogue, Language, MenuNumber, Money, PhoneNumber, Place, PlacedVia, Quantity,
    ShopClock, Timestamp, When,
};
use dinetone::house::House;
use dinetone::ivr::question::{OrderRequest, Placed};
use dinetone::order::life::{Actor, ActorKind, Step};
use dinetone::store::Store;

use crate::load::clock;
use crate::rows::{Row, ms};
use crate::server::Stand;

/// Orders a second, and for how long.
const RATE: u64 = 50;
const SPAN: Duration = Duration::from_secs(30);
/// The store before, and after it has grown.
const FEW: u64 = 10_000;
const MANY: u64 = 1_000_000;
/// Orders and calls that are measured at each size.
const SAMPLE: u64 = 400;
/// As the server empties its log.
const CHECKPOINT: Duration = Duration::from_secs(1);

/// A store with a chain of round-the-clock branches in it.
struct Shop {
    store: Store,
    catalogue: Catalogue,
}

impl Shop {
    async fn open(file: &Path, menus: &Path, branches: u16) -> io::Result<Self> {
        let zone = ShopClock::named("Asia/Shanghai").ok_or_else(|| io::Error::other("no time zone"))?;
        let store = Store::open(&format!("sqlite:{}", file.display()), zone).await.map_err(io::Error::other)?;
        let table = std::fs::read_to_string(menus)?.parse().map_err(io::Error::other)?;
        let (house, findings) = House::read(&dinetone::simulate::menus(&table, branches));
        if let Some(finding) = findings.first() {
            return Err(io::Error::other(format!("{}: {finding}", menus.display())));
        }
        store.import_house(&house, now()).await.map_err(io::Error::other)?;
        let catalogue = store.catalogue().await.map_err(io::Error::other)?;
        Ok(Self { store, catalogue })
    }

    /// Confirms one order, fetched at one of the branches; each by another telephone.
    async fn order(&self, number: u64, now: Timestamp) -> io::Result<dinetone::domain::OrderId> {
        let branches: Vec<BranchNumber> = self.catalogue.branches.keys().copied().collect();
        let dish = MenuNumber::new(18).zip(Quantity::new(1 + u16::try_from(number % 3).unwrap_or(0)));
        let Some((dish, quantity)) = dish else { return Err(io::Error::other("no dish")) };
        let cart = Cart { lines: vec![CartLine { dish, quantity, size: None, spice: None }] };
        let branch = branches[usize::try_from(number).unwrap_or(0) % branches.len()];
        let place = Place::Pickup { branch };
        let phone = PhoneNumber::parse(&format!("137{number:08}")).ok_or_else(|| io::Error::other("no number"))?;
        let heard = self.price(&cart, &place, now);
        let request = OrderRequest {
            key: format!("load-{number}"),
            customer: None,
            member: None,
            phone,
            language: Language::Mandarin,
            cart,
            place,
            when: When::Now,
            points: 0,
            note: None,
            heard,
            again: true,
        };
        match self.store.place_order(&request, PlacedVia::Keypad, now, &self.catalogue).await.map_err(io::Error::other)? {
            Placed::Confirmed { id, .. } => Ok(id),
            other => Err(io::Error::other(format!("an order was not confirmed: {other:?}"))),
        }
    }

    fn price(&self, cart: &Cart, place: &Place, now: Timestamp) -> Money {
        dinetone::order::pricing::quote(&self.catalogue, cart, None, self.store.clock().local(now), Some(place), 0).pay
    }

    /// Writes a call's begin and end.
    async fn call(&self, number: u64, now: Timestamp) -> io::Result<()> {
        let mut record = CallRecord {
            trunk: "load".into(),
            caller: PhoneNumber::parse(&format!("137{number:08}")),
            dialled: "1000".into(),
            ..CallRecord::arrived(CallId::new(format!("load-{number}")), format!("load-{number}@load"), now)
        };
        self.store.record_calls("load", std::slice::from_ref(&record), &[]).await.map_err(io::Error::other)?;
        (record.answered_at, record.ended_at) = (Some(now), Some(now.after(Duration::from_secs(60))));
        self.store.record_calls("load", &[], &[(record, Vec::new())]).await.map_err(io::Error::other)
    }
}

fn now() -> Timestamp {
    Timestamp::from(dinetone::server::clock::now().wall)
}

fn runtime() -> io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()
}

fn fresh(stand: &Stand, name: &str) -> io::Result<std::path::PathBuf> {
    let folder = stand.folder.join(name);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder)?;
    Ok(folder.join("dinetone.db"))
}

/// Fifty orders a second, each waited for until it is on disk: from when it was due to when it was confirmed.
pub fn confirm(stand: &Stand) -> io::Result<Vec<Row>> {
    let file = fresh(stand, "confirm")?;
    let mut took = runtime()?.block_on(async {
        let shop = std::sync::Arc::new(Shop::open(&file, Path::new("menus.toml"), 30).await?);
        let begun = tokio::time::Instant::now();
        let mut checkpoints = tokio::time::interval(CHECKPOINT);
        let mut under_way = tokio::task::JoinSet::new();
        let mut ticks = tokio::time::interval(Duration::from_secs(1) / RATE as u32);
        for number in 0..RATE * SPAN.as_secs() {
            let due = loop {
                tokio::select! {
                    due = ticks.tick() => break due,
                    _ = checkpoints.tick() => {
                        let store = shop.store.clone();
                        under_way.spawn(async move { store.checkpoint().await.map_err(io::Error::other).map(|()| Duration::ZERO) });
                    }
                }
            };
            let shop = std::sync::Arc::clone(&shop);
            under_way.spawn(async move { shop.order(number, now()).await.map(|_| due.elapsed()) });
        }
        let mut took = Vec::new();
        while let Some(one) = under_way.join_next().await {
            let one = one.map_err(io::Error::other)??;
            if !one.is_zero() {
                took.push(one);
            }
        }
        let real = begun.elapsed();
        shop.store.close().await;
        io::Result::Ok((took, real))
    })?;
    took.0.sort_unstable();
    let at = |percent: usize| took.0[(took.0.len() * percent / 100).min(took.0.len() - 1)];
    Ok(vec![Row {
        name: "confirm an order durably, 50 a second, p99",
        target: "at most 50 ms",
        ours: ms(at(99)),
        reached: Some(at(99) <= Duration::from_millis(50)),
        notes: vec![format!(
            "{} orders in {:.1} s, p50 {}, longest {}; SQLite with full sync, the log emptied beside the writer once a second",
            took.0.len(),
            took.1.as_secs_f64(),
            ms(at(50)),
            ms(at(100))
        )],
    }])
}

/// What an order and a call cost in processor time and in time, with few and with many in the store.
pub fn growth(stand: &Stand) -> io::Result<Vec<Row>> {
    let file = fresh(stand, "growth")?;
    runtime()?.block_on(async {
        let shop = Shop::open(&file, Path::new("menus.toml"), 30).await?;
        let first = shop.order(u64::from(u32::MAX) % 90_000_000, now()).await?;
        shop.call(90_000_000, now()).await?;
        let mut notes = Vec::new();
        let mut costs = Vec::new();
        let mut there = 0;
        for size in [FEW, MANY] {
            copies(&file, first.as_str(), there, size).await?;
            there = size;
            let begin = size * 10 % 80_000_000;
            // The first ones read what is not in memory yet.
            measure(&shop, begin, SAMPLE / 4).await?;
            let cost = measure(&shop, begin + SAMPLE, SAMPLE).await?;
            notes.push(format!(
                "{size} orders and calls: an order {} of processor, p50 {}; a call {} of processor, p50 {}; the store is {} MB",
                ms(cost.order_cpu),
                ms(cost.order_time),
                ms(cost.call_cpu),
                ms(cost.call_time),
                std::fs::metadata(&file)?.len() / 1_000_000
            ));
            costs.push(cost);
        }
        shop.store.close().await;
        // Nearly a gigabyte that nobody looks at.
        let _ = std::fs::remove_dir_all(file.with_file_name(""));
        let ratio = |of: fn(&Cost) -> Duration| of(&costs[1]).as_secs_f64() / of(&costs[0]).as_secs_f64().max(1e-9);
        let row = |name, of: fn(&Cost) -> Duration, notes| Row {
            name,
            target: "at most 1.3 times",
            ours: format!("{:.2}", ratio(of)),
            reached: Some(ratio(of) <= 1.3),
            notes,
        };
        Ok(vec![
            row("growth of an order's cost, 10,000 to 1,000,000", |cost| cost.order_cpu, notes),
            row("growth of a call's cost, 10,000 to 1,000,000", |cost| cost.call_cpu, Vec::new()),
        ])
    })
}

struct Cost {
    order_cpu: Duration,
    order_time: Duration,
    call_cpu: Duration,
    call_time: Duration,
}

async fn measure(shop: &Shop, begin: u64, count: u64) -> io::Result<Cost> {
    let (mut orders, mut calls) = (Vec::new(), Vec::new());
    // The server empties the log beside its writer; here it would be emptied in the middle of whatever is measured when it is full.
    shop.store.checkpoint().await.map_err(io::Error::other)?;
    let before = cpu();
    for number in begin..begin + count {
        let start = clock();
        shop.order(number, now()).await?;
        orders.push(start.elapsed());
    }
    let orders_cpu = cpu().saturating_sub(before);
    shop.store.checkpoint().await.map_err(io::Error::other)?;
    let between = cpu();
    for number in begin..begin + count {
        let start = clock();
        shop.call(number, now()).await?;
        calls.push(start.elapsed());
    }
    let each = |time: Duration| time / u32::try_from(count).unwrap_or(1);
    let (order_cpu, call_cpu) = (each(orders_cpu), each(cpu().saturating_sub(between)));
    orders.sort_unstable();
    calls.sort_unstable();
    Ok(Cost { order_cpu, order_time: orders[orders.len() / 2], call_cpu, call_time: calls[calls.len() / 2] })
}

/// Processor time of all our threads.
fn cpu() -> Duration {
    let tasks = std::fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
    let nanos = tasks.filter_map(|task| std::fs::read_to_string(task.path().join("schedstat")).ok());
    Duration::from_nanos(nanos.filter_map(|text| text.split_whitespace().next()?.parse::<u64>().ok()).sum())
}

/// Fills the store with copies of one order and one call, done long ago, spread over a year and over many telephones.
async fn copies(file: &Path, order: &str, from: u64, to: u64) -> io::Result<()> {
    let options = sqlx::sqlite::SqliteConnectOptions::new()
        .filename(file)
        .journal_mode(sqlx::sqlite::SqliteJournalMode::Wal)
        .synchronous(sqlx::sqlite::SqliteSynchronous::Off)
        .busy_timeout(Duration::from_secs(30));
    let pool = sqlx::sqlite::SqlitePoolOptions::new().max_connections(1).connect_with(options).await.map_err(io::Error::other)?;
    let numbers = format!("with recursive n(i) as (select {from} union all select i + 1 from n where i + 1 < {to})");
    let changed: [(&str, &[(&str, &str)]); 4] = [
        (
            "orders",
            &[
                ("id", "'g' || i"),
                ("key", "'g' || i"),
                ("number", "'G' || i"),
                ("phone", "'136' || substr('00000000' || (i % 200000), -8)"),
                ("status", "'done'"),
                ("placed_at", "t.placed_at - (i % 364 + 1) * 86400000 - i % 36000000"),
                ("promised_at", "t.promised_at - (i % 364 + 1) * 86400000 - i % 36000000"),
                ("done_at", "t.promised_at - (i % 364 + 1) * 86400000 - i % 36000000"),
                ("due_at", "null"),
                ("branch", "i % 30 + 1"),
            ],
        ),
        ("order_lines", &[("order_id", "'g' || i")]),
        ("order_events", &[("order_id", "'g' || i")]),
        (
            "calls",
            &[
                ("id", "'g' || i"),
                ("sip_call_id", "'g' || i"),
                ("caller", "'136' || substr('00000000' || (i % 200000), -8)"),
                ("arrived_at", "t.arrived_at - (i % 364 + 1) * 86400000 - i % 36000000"),
            ],
        ),
    ];
    for (table, expressions) in changed {
        let names: Vec<String> = sqlx::query_scalar(sqlx::AssertSqlSafe(format!("select name from pragma_table_info('{table}')")))
            .fetch_all(&pool)
            .await
            .map_err(io::Error::other)?;
        let values: Vec<String> = names
            .iter()
            .map(|name| {
                expressions.iter().find(|(known, _)| known == name).map_or_else(|| format!("t.{name}"), |(_, value)| (*value).to_owned())
            })
            .collect();
        let template = match table {
            "orders" => format!("t.id = '{order}'"),
            "calls" => "t.id = 'load-90000000'".into(),
            _ => format!("t.order_id = '{order}'"),
        };
        let sql = format!(
            "{numbers} insert into {table} ({}) select {} from n, {table} as t where {template}",
            names.join(", "),
            values.join(", ")
        );
        sqlx::query(sqlx::AssertSqlSafe(sql)).execute(&pool).await.map_err(io::Error::other)?;
    }
    sqlx::query("pragma wal_checkpoint(truncate)").execute(&pool).await.map_err(io::Error::other)?;
    pool.close().await;
    Ok(())
}

/// A store for the pages: so many orders of today, a quarter each accepted, cooking, ready and handed over.
pub fn board(file: &Path, menus: &Path, chain: &Path, orders: u64, branches: u16) -> io::Result<()> {
    let table = std::fs::read_to_string(menus)?.parse().map_err(io::Error::other)?;
    std::fs::write(chain, dinetone::simulate::menus(&table, branches).to_string())?;
    runtime()?.block_on(async {
        let shop = Shop::open(file, menus, branches).await?;
        let by = Actor::new(ActorKind::Headquarters, "load", "load");
        for number in 0..orders {
            let id = shop.order(number, now()).await?;
            let steps = [Step::Accept { minutes: None }, Step::Cook, Step::Ready, Step::HandOver { rider: None }];
            for step in steps.into_iter().take(1 + usize::try_from(number % 4).unwrap_or(0)) {
                shop.store.order_step(&id, None, &step, &by, now()).await.map_err(io::Error::other)?;
            }
        }
        shop.store.close().await;
        Ok(())
    })
}
