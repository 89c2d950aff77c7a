//! The house of the stories: a few dishes, four branches, one member.

use std::collections::BTreeMap;

use jiff::civil::date;

use crate::domain::{
    Address, Branch, BranchNumber, Cart, CartLine, Catalogue, Category, ClockTime, CustomerId, Deal, Dish, DishOption, Level, Member,
    MemberNumber, MenuNumber, Money, Offer, PhoneNumber, Quantity,
};
use crate::ivr::question::{Card, LastOrder};

pub(super) fn number(number: u16) -> MenuNumber {
    MenuNumber::new(number).unwrap()
}

pub(super) fn store_number(number: u16) -> BranchNumber {
    BranchNumber::new(number).unwrap()
}

pub(super) fn phone(number: &str) -> PhoneNumber {
    PhoneNumber::parse(number).unwrap()
}

pub(super) fn line(dish: u16, portions: u16) -> CartLine {
    CartLine { dish: number(dish), quantity: Quantity::new(portions).unwrap(), size: None, spice: None }
}

fn dish(n: u16, zh: &str, fen: i64, category: &str) -> Dish {
    Dish {
        number: number(n),
        zh: zh.into(),
        en: format!("Dish {n}"),
        reading: None,
        price: Money::fen(fen),
        size_price: None,
        category: category.into(),
        options: Vec::new(),
        served: None,
        new_until: None,
        alternative: None,
        points: None,
        retired: false,
    }
}

fn branch(n: u16) -> Branch {
    let span = vec![(ClockTime::new(10, 0).unwrap(), ClockTime::new(21, 30).unwrap())];
    Branch {
        number: store_number(n),
        zh: format!("{n}店"),
        en: format!("Branch {n}"),
        reading: None,
        address_zh: "路".into(),
        address_en: "Road".into(),
        transit_zh: "地铁".into(),
        transit_en: "Metro".into(),
        phone: "021-64380001".into(),
        week: std::array::from_fn(|_| span.clone()),
        last_order_minutes: 20,
        delivery_minutes: 45,
        pickup_minutes: 20,
        min_delivery: Money::yuan(50),
        delivery_fee: Money::yuan(5),
        free_delivery_from: Some(Money::yuan(80)),
        paused: false,
        location: None,
        kitchen: crate::domain::Kitchen::default(),
    }
}

pub(super) fn catalogue() -> Catalogue {
    let mut dishes: BTreeMap<MenuNumber, Dish> = [
        dish(18, "宫保鸡丁", 3800, "hot"),
        dish(19, "鱼香肉丝", 3200, "hot"),
        dish(20, "麻婆豆腐", 2200, "hot"),
        dish(22, "水煮鱼", 6800, "hot"),
        dish(28, "松鼠鳜鱼", 9800, "hot"),
        dish(61, "扬州炒饭", 2650, "staple"),
        dish(71, "油条", 300, "staple"),
        dish(99, "旧菜", 100, "hot"),
    ]
    .into_iter()
    .map(|dish| (dish.number, dish))
    .collect();
    let mut with = |n: u16, change: fn(&mut Dish)| change(dishes.get_mut(&number(n)).unwrap());
    with(18, |dish| dish.alternative = Some(number(19)));
    with(20, |dish| dish.options = vec![DishOption::Spice]);
    with(22, |dish| dish.options = vec![DishOption::Size, DishOption::Spice]);
    with(28, |dish| dish.new_until = Some(date(2030, 1, 1)));
    with(61, |dish| dish.points = Some(2000));
    with(71, |dish| dish.served = Some((ClockTime::new(6, 30).unwrap(), ClockTime::new(10, 30).unwrap())));
    with(99, |dish| {
        dish.retired = true;
        dish.alternative = Some(number(19));
    });
    let level = |id: &str, percent| Level { id: id.into(), zh: id.into(), en: id.into(), discount_percent: percent };
    let category = |id: &str| Category { id: id.into(), zh: id.into(), en: id.into() };
    Catalogue {
        version: 1,
        levels: vec![level("regular", 0), level("gold", 10)],
        categories: vec![category("hot"), category("staple"), category("empty")],
        dishes,
        branches: (1..=4).map(|n| (store_number(n), branch(n))).collect(),
        offers: Vec::new(),
        holidays: crate::domain::Holidays::default(),
        sold_out: Vec::new(),
        zones: Vec::new(),
    }
}

pub(super) fn offer() -> Offer {
    Offer {
        id: "soup".into(),
        zh: "汤".into(),
        en: "Soup".into(),
        from: date(2026, 1, 1),
        until: date(2027, 12, 31),
        days: Vec::new(),
        between: None,
        deal: Deal::News,
        repeat_days: 7,
    }
}

pub(super) fn member(n: &str) -> Member {
    Member {
        number: MemberNumber::parse(n).unwrap(),
        customer: CustomerId::new(format!("customer-{n}")),
        level: "gold".into(),
        phones: vec![phone("13800138000")],
        has_pin: true,
    }
}

/// The caller of the worked call: gold member 102938 with one address and a last order.
pub(super) fn regular() -> Card {
    Card {
        customer: Some(CustomerId::new("customer-102938")),
        members: vec![member("102938")],
        language: Some(crate::domain::Language::Mandarin),
        finished_orders: 1,
        addresses: vec![address("caoxi", Some(1))],
        branches: vec![store_number(3)],
        last_order: Some(LastOrder {
            cart: Cart { lines: vec![line(18, 1), line(61, 2), line(19, 1)] },
            paid: Money::yuan(126),
            fulfilment: crate::domain::Fulfilment::Delivery,
        }),
        points: 90,
        ..Card::default()
    }
}

pub(super) fn address(id: &str, branch: Option<u16>) -> Address {
    Address {
        id: id.into(),
        label: "家".into(),
        text: "漕溪北路88号".into(),
        clip: Some(format!("address-{id}")),
        recording: None,
        branch: branch.map(store_number),
        unchecked: false,
    }
}
