//! A fresh database for a case, a house to order from, and a few short words.

use std::future::Future;
use std::time::Duration;

use dinetone::domain::{
    BranchNumber, Cart, CartLine, Catalogue, CustomerId, Language, MemberNumber, MenuNumber, Money, PhoneNumber, Place, PlacedVia,
    Quantity, ShopClock, Timestamp, When,
};
use dinetone::house::House;
use dinetone::ivr::question::{OrderRequest, Placed};
use dinetone::store::{Node, Store};

use super::postgres::Server;

pub const MINUTE: Duration = Duration::from_secs(60);
pub const DAY: Duration = Duration::from_secs(24 * 3600);

/// An empty database; gone with the value.
pub struct Database {
    pub url: String,
    pub folder: tempfile::TempDir,
}

impl Database {
    pub fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { url: format!("sqlite:{}", folder.path().join("house.db").display()), folder }
    }

    pub fn postgres(server: &Server) -> Self {
        Self { url: server.fresh(), folder: tempfile::tempdir().unwrap() }
    }

    pub fn is_sqlite(&self) -> bool {
        self.url.starts_with("sqlite:")
    }

    pub async fn store(&self) -> Store {
        Store::open(&self.url, clock()).await.unwrap()
    }

    /// A store with the shipped house in it.
    pub async fn shop(&self) -> (Store, Catalogue) {
        let store = self.store().await;
        store.import_house(&house(MENUS), saturday()).await.unwrap();
        let catalogue = store.catalogue().await.unwrap();
        (store, catalogue)
    }

    /// The same house without its offers: what runs by this machine's clock costs the same at lunch as at night.
    pub async fn shop_at_any_hour(&self) -> (Store, Catalogue) {
        let (store, mut catalogue) = self.shop().await;
        catalogue.offers.clear();
        (store, catalogue)
    }
}

pub const MENUS: &str = include_str!("../../../menus.toml");

pub fn house(text: &str) -> House {
    let (house, findings) = House::read(&text.parse::<toml::Table>().unwrap());
    assert!(findings.is_empty(), "{findings:?}");
    house
}

/// Runs a case on a runtime of its own, with two threads so that races are races.
pub fn run(case: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap().block_on(case);
}

pub fn clock() -> ShopClock {
    ShopClock::named("Asia/Shanghai").unwrap()
}

/// Saturday 21 November 2026, six in the evening: open, and no lunch offer.
pub fn saturday() -> Timestamp {
    clock().timestamp(jiff::civil::date(2026, 11, 21).at(18, 0, 0, 0))
}

pub fn phone(number: &str) -> PhoneNumber {
    PhoneNumber::parse(number).unwrap()
}

pub fn member(number: &str) -> MemberNumber {
    MemberNumber::parse(number).unwrap()
}

pub fn dish(number: u16) -> MenuNumber {
    MenuNumber::new(number).unwrap()
}

pub fn branch(number: u16) -> BranchNumber {
    BranchNumber::new(number).unwrap()
}

pub fn cart(lines: &[(u16, u16)]) -> Cart {
    let line = |&(number, quantity): &(u16, u16)| CartLine {
        dish: dish(number),
        quantity: Quantity::new(quantity).unwrap(),
        size: None,
        spice: None,
    };
    Cart { lines: lines.iter().map(line).collect() }
}

/// Two portions of 18 and one of 61, fetched at branch 1: 102.50 for somebody without a level.
pub fn request(key: &str, number: &str) -> OrderRequest {
    OrderRequest {
        key: key.into(),
        customer: None,
        member: None,
        phone: phone(number),
        language: Language::Mandarin,
        cart: cart(&[(18, 2), (61, 1)]),
        place: Place::Pickup { branch: branch(1) },
        when: When::Now,
        points: 0,
        note: None,
        heard: Money::fen(10_250),
        again: false,
    }
}

pub async fn place(store: &Store, catalogue: &Catalogue, request: &OrderRequest, now: Timestamp) -> Placed {
    store.place_order(request, PlacedVia::Keypad, now, catalogue).await.unwrap()
}

pub fn confirmed(placed: Placed) -> (dinetone::domain::OrderId, String) {
    match placed {
        Placed::Confirmed { id, number, .. } => (id, number.as_str().to_owned()),
        other => panic!("not confirmed: {other:?}"),
    }
}

/// A customer with one number and one membership.
pub async fn a_member(store: &Store, number: &str, level: &str, called_from: &str) -> CustomerId {
    let customer = store.remember_customer(&[phone(called_from)], saturday()).await.unwrap();
    store.remember_member(&member(number), &customer, level).await.unwrap();
    customer
}

/// A program on this store, one run of it.
pub fn node(name: &str, run: &str) -> Node {
    let (name, run) = (name.to_owned(), run.to_owned());
    let (sip, web) = ("127.0.0.1:5060".to_owned(), "127.0.0.1:8080".to_owned());
    Node { name, run, place: String::new(), sip, web, started_at: saturday(), seen_at: saturday(), left_at: None, lost_at: None }
}
