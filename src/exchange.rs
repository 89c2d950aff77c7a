//! Dishes, branches and members as rows of a spreadsheet: what each column may hold, how things are written into rows, and
//! what a table that comes back would change. Every fault is told with its row and column before anything is stored.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::{
    Branch, Catalogue, ClockTime, Dish, DishOption, Hours, Language, MemberNumber, MenuNumber, Money, PhoneNumber, Point, WEEKDAYS,
    is_reading,
};

/// A table has at most so many rows.
pub const MOST_ROWS: usize = 100_000;
/// One import changes at most so much: it is one transaction, and callers order meanwhile.
pub const MOST_CHANGES: usize = 5_000;
/// More faults than this are not told at once.
pub const MOST_FAULTS: usize = 500;

/// What a column may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rule {
    /// What the row is about: a number from 1 to 9999.
    Key,
    /// A member number.
    Member,
    Text(usize),
    MayText(usize),
    /// Pinyin with tone digits.
    MayReading,
    Yuan,
    MayYuan,
    Number(i64, i64),
    MayNumber(i64, i64),
    /// 38/32/28
    Sizes,
    /// size, spice
    Options,
    MaySpan,
    MayDay,
    Yes,
    Category,
    OtherDish,
    Level,
    Phone,
    Phones,
    /// Longitude and latitude.
    MayPlace,
    /// Spans of a day, or nothing when closed.
    Hours,
}

/// One column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    /// Also the name in the store.
    pub key: &'static str,
    pub zh: &'static str,
    pub en: &'static str,
    rule: Rule,
}

const fn column(key: &'static str, zh: &'static str, en: &'static str, rule: Rule) -> Column {
    Column { key, zh, en, rule }
}

/// What can be brought in and out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    Dishes,
    Branches,
    Members,
}

impl What {
    /// By its name in an address.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Dishes, Self::Branches, Self::Members].into_iter().find(|what| what.name() == name)
    }

    /// Its name in an address.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Dishes => "dishes",
            Self::Branches => "branches",
            Self::Members => "members",
        }
    }

    /// Its columns, the key first.
    #[must_use]
    pub const fn columns(self) -> &'static [Column] {
        match self {
            Self::Dishes => &DISHES,
            Self::Branches => &BRANCHES,
            Self::Members => &MEMBERS,
        }
    }

    fn place(self, key: &str) -> Option<usize> {
        self.columns().iter().position(|column| column.key == key)
    }
}

const DISHES: [Column; 13] = [
    column("number", "菜号", "Number", Rule::Key),
    column("zh", "中文名", "Chinese name", Rule::Text(40)),
    column("en", "英文名", "English name", Rule::Text(60)),
    column("reading", "读音", "Reading", Rule::MayReading),
    column("price_fen", "价格(元)", "Price (yuan)", Rule::Yuan),
    column("size_price_fen", "大/中/小价格(元)", "Large/medium/small (yuan)", Rule::Sizes),
    column("category", "类别", "Category", Rule::Category),
    column("options", "选项", "Options", Rule::Options),
    column("served", "供应时段", "Served", Rule::MaySpan),
    column("new_until", "新菜至", "New until", Rule::MayDay),
    column("alternative", "替代菜", "Alternative", Rule::OtherDish),
    column("points", "积分", "Points", Rule::MayNumber(1, 10_000_000)),
    column("retired", "下架", "Retired", Rule::Yes),
];

const BRANCHES: [Column; 26] = [
    column("number", "门店号", "Number", Rule::Key),
    column("zh", "中文名", "Chinese name", Rule::Text(60)),
    column("en", "英文名", "English name", Rule::Text(60)),
    column("reading", "读音", "Reading", Rule::MayReading),
    column("address_zh", "中文地址", "Chinese address", Rule::Text(200)),
    column("address_en", "英文地址", "English address", Rule::Text(200)),
    column("transit_zh", "中文交通", "Chinese directions", Rule::MayText(200)),
    column("transit_en", "英文交通", "English directions", Rule::MayText(200)),
    column("phone", "电话", "Telephone", Rule::Phone),
    column("mon", "周一", "Monday", Rule::Hours),
    column("tue", "周二", "Tuesday", Rule::Hours),
    column("wed", "周三", "Wednesday", Rule::Hours),
    column("thu", "周四", "Thursday", Rule::Hours),
    column("fri", "周五", "Friday", Rule::Hours),
    column("sat", "周六", "Saturday", Rule::Hours),
    column("sun", "周日", "Sunday", Rule::Hours),
    column("last_order_minutes", "打烊前停止接单(分)", "Last order before closing (min)", Rule::Number(0, 720)),
    column("delivery_minutes", "外送(分)", "Delivery (min)", Rule::Number(1, 600)),
    column("pickup_minutes", "自取(分)", "Pickup (min)", Rule::Number(1, 600)),
    column("cook_minutes", "制作(分)", "Cooking (min)", Rule::Number(1, 240)),
    column("min_delivery_fen", "起送价(元)", "Least delivery (yuan)", Rule::Yuan),
    column("delivery_fee_fen", "配送费(元)", "Delivery fee (yuan)", Rule::Yuan),
    column("free_delivery_from_fen", "满额免配送费(元)", "Delivered free from (yuan)", Rule::MayYuan),
    column("capacity_items", "每刻钟份数", "Portions a quarter", Rule::MayNumber(1, 100_000)),
    column("capacity_fen", "每刻钟金额(元)", "Yuan a quarter", Rule::MayYuan),
    column("location", "经纬度", "Longitude,latitude", Rule::MayPlace),
];

const MEMBERS: [Column; 4] = [
    column("number", "会员号", "Member number", Rule::Member),
    column("level", "等级", "Level", Rule::Level),
    column("name", "姓名", "Name", Rule::MayText(60)),
    column("phones", "电话", "Telephones", Rule::Phones),
];

/// A value as the store holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Held {
    Text(Option<String>),
    Number(Option<i64>),
}

/// A sentence in both languages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    pub zh: String,
    pub en: String,
}

impl Said {
    /// In this language.
    #[must_use]
    pub fn to(&self, language: Language) -> &str {
        if language == Language::English { &self.en } else { &self.zh }
    }
}

fn said(zh: impl Into<String>, en: impl Into<String>) -> Said {
    Said { zh: zh.into(), en: en.into() }
}

/// What is wrong with a cell; rows count from 1, as spreadsheet programs do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    pub row: usize,
    /// The column's key, or what stood in the first row.
    pub column: String,
    pub found: Said,
    pub cure: Said,
}

/// What a row would change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    pub row: usize,
    /// The key.
    pub subject: String,
    pub new: bool,
    /// Column, how it is, how it would be.
    pub columns: Vec<(&'static str, String, String)>,
    pub set: Vec<(&'static str, Held)>,
}

/// How things are now: the cells of each by its key, in the order of the columns.
pub type Known = BTreeMap<String, Vec<String>>;

/// The dishes of a catalogue.
#[must_use]
pub fn dishes(catalogue: &Catalogue) -> Known {
    catalogue.dishes.values().map(|dish| (dish.number.to_string(), dish_cells(dish))).collect()
}

/// The branches of a catalogue.
#[must_use]
pub fn branches(catalogue: &Catalogue) -> Known {
    catalogue.branches.values().map(|branch| (branch.number.to_string(), branch_cells(branch))).collect()
}

fn dish_cells(dish: &Dish) -> Vec<String> {
    let options = dish.options.iter().map(|option| if *option == DishOption::Size { "size" } else { "spice" });
    vec![
        dish.number.to_string(),
        dish.zh.clone(),
        dish.en.clone(),
        dish.reading.clone().unwrap_or_default(),
        yuan(dish.price),
        dish.size_price.map(|prices| prices.map(yuan).join("/")).unwrap_or_default(),
        dish.category.clone(),
        options.collect::<Vec<_>>().join(","),
        dish.served.map(|(from, to)| format!("{from}-{to}")).unwrap_or_default(),
        dish.new_until.map(|day| day.to_string()).unwrap_or_default(),
        dish.alternative.map(|other| other.to_string()).unwrap_or_default(),
        dish.points.map(|points| points.to_string()).unwrap_or_default(),
        if dish.retired { "yes" } else { "no" }.to_owned(),
    ]
}

fn branch_cells(branch: &Branch) -> Vec<String> {
    let mut cells = vec![
        branch.number.to_string(),
        branch.zh.clone(),
        branch.en.clone(),
        branch.reading.clone().unwrap_or_default(),
        branch.address_zh.clone(),
        branch.address_en.clone(),
        branch.transit_zh.clone(),
        branch.transit_en.clone(),
        branch.phone.clone(),
    ];
    cells.extend(branch.week.iter().map(hours_text));
    cells.extend([
        branch.last_order_minutes.to_string(),
        branch.delivery_minutes.to_string(),
        branch.pickup_minutes.to_string(),
        branch.kitchen.cook_minutes.to_string(),
        yuan(branch.min_delivery),
        yuan(branch.delivery_fee),
        branch.free_delivery_from.map(yuan).unwrap_or_default(),
        branch.kitchen.capacity_items.map(|items| items.to_string()).unwrap_or_default(),
        branch.kitchen.capacity.map(yuan).unwrap_or_default(),
        branch.location.map(|at| at.to_string()).unwrap_or_default(),
    ]);
    cells
}

fn hours_text(hours: &Hours) -> String {
    hours.iter().map(|(from, to)| format!("{from}-{to}")).collect::<Vec<_>>().join(",")
}

fn yuan(money: Money) -> String {
    let fen = money.as_fen();
    if fen % 100 == 0 { (fen / 100).to_string() } else { format!("{}.{:02}", fen / 100, fen % 100) }
}

/// What a table (its first row names the columns) would change, and what is wrong with it.
#[must_use]
pub fn read(what: What, rows: &[Vec<String>], known: &Known, catalogue: &Catalogue) -> (Vec<Change>, Vec<Fault>) {
    let mut faults = Vec::new();
    let heads = heads(what, rows, &mut faults);
    if rows.len() > MOST_ROWS {
        let found = said(format!("有 {} 行", rows.len()), format!("has {} rows", rows.len()));
        let cure = said(format!("一次最多 {MOST_ROWS} 行"), format!("bring in at most {MOST_ROWS} at a time"));
        faults.push(Fault { row: 1, column: String::new(), found, cure });
    }
    if !faults.is_empty() {
        return (Vec::new(), faults);
    }
    let mut table = Reading { what, heads: &heads, known, catalogue, off: off_the_menu(&heads, rows), seen: BTreeSet::new() };
    let mut changes = Vec::new();
    for (place, cells) in rows.iter().enumerate().skip(1) {
        if cells.iter().all(|cell| cell.trim().is_empty()) {
            continue;
        }
        if faults.len() >= MOST_FAULTS {
            break;
        }
        let before = faults.len();
        let change = table.row(place + 1, cells, &mut faults);
        if faults.len() == before
            && let Some(change) = change
        {
            changes.push(change);
        }
    }
    if changes.len() > MOST_CHANGES {
        let found = said(format!("有 {} 行变化", changes.len()), format!("{} rows change", changes.len()));
        let cure = said(
            format!("分几次导入，一次最多变化 {MOST_CHANGES} 行"),
            format!("bring in a part: at most {MOST_CHANGES} rows may change at a time"),
        );
        faults.push(Fault { row: 1, column: String::new(), found, cure });
    }
    (changes, faults)
}

/// The numbers that a table names, and whether it takes them off the menu; nothing when it does not say.
fn off_the_menu(heads: &[Option<Column>], rows: &[Vec<String>]) -> BTreeMap<String, Option<bool>> {
    let at = |key: &str| heads.iter().position(|head| head.is_some_and(|head| head.key == key));
    let cell = |row: &[String], place: Option<usize>| place.and_then(|place| row.get(place)).map(|cell| cell.trim().to_owned());
    let (number, retired) = (at("number"), at("retired"));
    let named = |row: &Vec<String>| Some((cell(row, number)?, cell(row, retired).and_then(|text| yes(&text))));
    rows.iter().skip(1).filter_map(named).collect()
}

/// A table that is being read.
struct Reading<'a> {
    what: What,
    /// Nothing for a column without a name and without cells.
    heads: &'a [Option<Column>],
    known: &'a Known,
    catalogue: &'a Catalogue,
    off: BTreeMap<String, Option<bool>>,
    seen: BTreeSet<String>,
}

impl Reading<'_> {
    fn row(&mut self, row: usize, cells: &[String], faults: &mut Vec<Fault>) -> Option<Change> {
        let cell = |place: usize| cells.get(place).map_or("", |cell| cell.trim());
        let key_at = self.heads.iter().position(|head| head.is_some_and(|head| head.key == "number")).unwrap_or(0);
        let mut fault = |column: &str, found: Said, cure: Said| faults.push(Fault { row, column: column.to_owned(), found, cure });
        if cells.iter().enumerate().any(|(place, text)| !text.trim().is_empty() && self.heads.get(place).is_none_or(Option::is_none)) {
            fault(
                "",
                said("有的格没有列名", "has a cell without a column"),
                said("第一行给每一列写上列名", "name every column in the first row"),
            );
        }
        let key = match self.what {
            What::Members => {
                MemberNumber::parse(cell(key_at)).map(|member| member.as_str().to_owned()).ok_or(said("写六位数字", "write six digits"))
            }
            What::Dishes | What::Branches => whole(cell(key_at), 1, 9999).map(|number| number.to_string()),
        };
        let key = match key {
            Ok(key) => key,
            Err(cure) => {
                fault("number", found(cell(key_at)), cure);
                cell(key_at).to_owned()
            }
        };
        if !self.seen.insert(key.clone()) {
            let twice = said(format!("{key} 有两行"), format!("{key} is there twice"));
            fault("number", twice, said("每个只写一行", "give each one row"));
            return None;
        }
        let before = self.known.get(&key);
        let was = |column: &str| before.and_then(|before| before.get(self.what.place(column)?)).map(String::as_str);
        let mut change = Change { row, subject: key.clone(), new: before.is_none(), columns: Vec::new(), set: Vec::new() };
        let mut week: [String; 7] = WEEKDAYS.map(|(day, _)| was(day).unwrap_or_default().to_owned());
        let mut week_changed = before.is_none() && self.what == What::Branches;
        for (place, head) in self.heads.iter().enumerate() {
            let Some(head) = head.filter(|head| head.key != "number") else { continue };
            let text = cell(place);
            // What stays as it is needs no checking: what was taken out can always be brought in again.
            if was(head.key) == Some(text) {
                continue;
            }
            let (normal, held) = match self.check(head.rule, text, &key) {
                Ok(checked) => checked,
                Err(cure) => {
                    fault(head.key, found(text), cure);
                    continue;
                }
            };
            if was(head.key) == Some(normal.as_str()) {
                continue;
            }
            change.columns.push((head.key, was(head.key).unwrap_or_default().to_owned(), normal.clone()));
            match WEEKDAYS.iter().position(|(day, _)| *day == head.key) {
                Some(day) => {
                    week[day] = normal;
                    week_changed = true;
                }
                None => change.set.push((head.key, held)),
            }
        }
        if week_changed {
            change.set.push(("week", Held::Text(Some(week.join(";")))));
        }
        if change.new {
            for column in self.what.columns().iter().filter(|column| column.key != "number") {
                let there = self.heads.iter().any(|head| head.is_some_and(|head| head.key == column.key));
                if !there && self.check(column.rule, "", &key).is_err() {
                    let found = said("没有这一列，而这一行是新的", "has no column, and this row is new");
                    fault(column.key, found, said(format!("加上「{}」列", column.zh), format!("add the column {:?}", column.en)));
                } else if !there && matches!(column.rule, Rule::Options | Rule::MayText(_)) {
                    change.set.push((column.key, Held::Text(Some(String::new()))));
                }
            }
            if self.what == What::Branches {
                // One that was closed for good opens again under its number.
                change.set.push(("retired", Held::Number(Some(0))));
            }
        }
        let becomes = |column: &str| {
            let changed = change.columns.iter().find(|(changed, ..)| *changed == column).map(|(_, _, after)| after.as_str());
            changed.or_else(|| was(column)).unwrap_or_default()
        };
        let touched = change.columns.iter().any(|(column, ..)| matches!(*column, "size_price_fen" | "options"));
        if touched && !becomes("size_price_fen").is_empty() && !becomes("options").split(',').any(|option| option == "size") {
            let found = said("有大中小价格，却不问大小", "has prices by size, but size is not asked");
            fault("size_price_fen", found, said("在选项里写上 size，或留空", "add size to the options, or leave it empty"));
        }
        (change.new || !change.set.is_empty()).then_some(change)
    }

    /// The text in its one right form and what the store holds; or what to write instead.
    fn check(&self, rule: Rule, text: &str, own: &str) -> Result<(String, Held), Said> {
        let number = |number: i64| (number.to_string(), Held::Number(Some(number)));
        let words = |text: String| (text.clone(), Held::Text(Some(text)));
        match rule {
            Rule::Key | Rule::Member => Ok(words(text.to_owned())),
            Rule::Text(_) if text.is_empty() => Err(said("写上文字", "write a text")),
            // The store has these as texts that may be empty.
            Rule::MayText(_) if text.is_empty() => Ok(words(String::new())),
            Rule::MayReading | Rule::Sizes | Rule::MaySpan | Rule::MayDay | Rule::MayPlace if text.is_empty() => {
                Ok((String::new(), Held::Text(None)))
            }
            Rule::MayYuan | Rule::MayNumber(..) | Rule::OtherDish if text.is_empty() => Ok((String::new(), Held::Number(None))),
            Rule::Text(most) | Rule::MayText(most) => {
                let good = text.chars().count() <= most && !text.chars().any(char::is_control);
                let cure = || said(format!("写一行文字，最多 {most} 个字"), format!("write one line of at most {most} characters"));
                if good { Ok(words(text.to_owned())) } else { Err(cure()) }
            }
            Rule::MayReading => {
                let cure =
                    || said("写带声调数字的拼音，如 gong1 bao3 ji1 ding1", "write pinyin with tone digits, such as gong1 bao3 ji1 ding1");
                if is_reading(text) { Ok(words(text.to_owned())) } else { Err(cure()) }
            }
            Rule::Yuan | Rule::MayYuan => {
                let fen = fen(text).ok_or_else(|| said("写金额（元），如 38 或 38.50", "write an amount in yuan, such as 38 or 38.50"))?;
                Ok((yuan(Money::fen(fen)), Held::Number(Some(fen))))
            }
            Rule::Number(from, to) | Rule::MayNumber(from, to) => Ok(number(whole(text, from, to)?)),
            Rule::Sizes => {
                let prices: Option<Vec<i64>> = text.split('/').map(|price| fen(price.trim())).collect();
                let prices = prices.filter(|prices| prices.len() == 3).ok_or_else(|| {
                    said("写大/中/小三个价格（元），如 38/32/28", "write three prices in yuan: large/medium/small, such as 38/32/28")
                })?;
                let shown: Vec<String> = prices.iter().map(|price| yuan(Money::fen(*price))).collect();
                let held: Vec<String> = prices.iter().map(i64::to_string).collect();
                Ok((shown.join("/"), Held::Text(Some(held.join(",")))))
            }
            Rule::Options => {
                let list: BTreeSet<&str> = text.split([',', '，', '、', ' ']).filter(|part| !part.is_empty()).collect();
                let known = list.iter().all(|option| matches!(*option, "size" | "spice"));
                let list: Vec<&str> = list.into_iter().collect();
                if known {
                    Ok(words(list.join(",")))
                } else {
                    Err(said("写 size、spice，或留空", "write size, spice, both with a comma, or nothing"))
                }
            }
            Rule::MaySpan => {
                let cure = || said("写一天之内的时段，如 06:30-10:30", "write hours within one day, such as 06:30-10:30");
                Ok(words(span(text).ok_or_else(cure)?))
            }
            Rule::MayDay => {
                let day = text.parse::<jiff::civil::Date>().ok().filter(|_| text.len() == 10);
                Ok(words(day.ok_or_else(|| said("写日期，如 2026-12-31", "write a date, such as 2026-12-31"))?.to_string()))
            }
            Rule::Yes => {
                let answer = if text.is_empty() { Some(false) } else { yes(text) };
                let answer = answer.ok_or_else(|| said("写 是 或 否", "write yes or no"))?;
                Ok((if answer { "yes" } else { "no" }.to_owned(), Held::Number(Some(i64::from(answer)))))
            }
            Rule::Category => {
                let all = &self.catalogue.categories;
                let known = all.iter().find(|known| known.id == text || known.zh == text || known.en.eq_ignore_ascii_case(text));
                known.map(|known| words(known.id.clone())).ok_or_else(|| one_of(all.iter().map(|known| known.id.as_str())))
            }
            Rule::Level => {
                let all = &self.catalogue.levels;
                let known = all.iter().find(|known| known.id == text || known.zh == text || known.en.eq_ignore_ascii_case(text));
                known.map(|known| words(known.id.clone())).ok_or_else(|| one_of(all.iter().map(|known| known.id.as_str())))
            }
            Rule::OtherDish => {
                let other = text.parse::<u16>().ok().and_then(MenuNumber::new).filter(|_| text != own);
                let on_menu = |other: &MenuNumber| match self.off.get(&other.to_string()) {
                    Some(Some(off)) => !off,
                    // A new dish of the same table may be another's alternative.
                    Some(None) => self.catalogue.dishes.get(other).is_none_or(|dish| !dish.retired),
                    None => self.catalogue.dish(*other).is_some(),
                };
                let other =
                    other.filter(on_menu).ok_or_else(|| said("写菜单上另一道菜的菜号", "write the number of another dish on the menu"))?;
                Ok(number(i64::from(other.get())))
            }
            Rule::Phone => match PhoneNumber::parse(text) {
                Some(_) if text.len() <= 30 => Ok(words(text.to_owned())),
                _ => Err(said("按拨打的样子写电话，如 021-64380001", "write a telephone number as dialled, such as 021-64380001")),
            },
            Rule::Phones => {
                let parts = text.split([' ', ',', ';', '，', '；']).filter(|part| !part.is_empty());
                let list: Option<BTreeSet<String>> = parts.map(|part| Some(PhoneNumber::parse(part)?.reveal().to_owned())).collect();
                let list = list.filter(|list| (1..=10).contains(&list.len())).ok_or_else(|| {
                    said("写电话号码，几个之间用空格，最多十个", "write telephone numbers with a space between them, at most ten")
                })?;
                Ok(words(list.into_iter().collect::<Vec<_>>().join(" ")))
            }
            Rule::MayPlace => {
                let at = Point::parse(text)
                    .ok_or_else(|| said("写经度和纬度，如 121.437,31.188", "write longitude and latitude, such as 121.437,31.188"))?;
                Ok(words(at.to_string()))
            }
            Rule::Hours => {
                let cure = || {
                    said(
                        "写当天营业时间，如 10:00-14:00,17:00-21:30，按先后、不重叠；不营业就留空",
                        "write the day's hours in order, such as 10:00-14:00,17:00-21:30, or nothing when closed",
                    )
                };
                let spans: Option<Vec<String>> = text.split([',', '，', ' ']).filter(|part| !part.is_empty()).map(span).collect();
                let spans = spans.ok_or_else(cure)?;
                let ordered = spans.windows(2).all(|pair| pair[0].split('-').nth(1) <= pair[1].split('-').next());
                if ordered { Ok(words(spans.join(","))) } else { Err(cure()) }
            }
        }
    }
}

fn found(text: &str) -> Said {
    if text.is_empty() {
        return said("是空的", "is empty");
    }
    let short: String = text.chars().take(40).collect();
    said(format!("写着「{short}」"), format!("says {short:?}"))
}

fn one_of<'a>(known: impl Iterator<Item = &'a str>) -> Said {
    let list = known.collect::<Vec<_>>().join(", ");
    said(format!("从这些里写一个：{list}"), format!("write one of {list}"))
}

fn whole(text: &str, from: i64, to: i64) -> Result<i64, Said> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let number = text.parse::<i64>().ok().filter(|number| digits && (from..=to).contains(number));
    number.ok_or_else(|| said(format!("写 {from} 到 {to} 的整数"), format!("write a whole number from {from} to {to}")))
}

fn yes(text: &str) -> Option<bool> {
    match text.to_lowercase().as_str() {
        "no" | "false" | "0" | "否" => Some(false),
        "yes" | "true" | "1" | "是" => Some(true),
        _ => None,
    }
}

/// The columns of the first row: by key, or by their words in either language.
fn heads(what: What, rows: &[Vec<String>], faults: &mut Vec<Fault>) -> Vec<Option<Column>> {
    let mut heads: Vec<Option<Column>> = Vec::new();
    let mut fault = |column: &str, found: Said, cure: Said| faults.push(Fault { row: 1, column: column.to_owned(), found, cure });
    for name in rows.first().map_or(&[][..], Vec::as_slice) {
        let name = name.trim();
        let found = what.columns().iter().find(|column| column.key == name || column.zh == name || column.en.eq_ignore_ascii_case(name));
        match found {
            Some(column) if heads.iter().flatten().any(|head| head.key == column.key) => {
                fault(name, said("出现了两次", "is there twice"), said("去掉一个", "leave one of them out"));
            }
            Some(column) => heads.push(Some(*column)),
            None if name.is_empty() => heads.push(None),
            None => {
                let (zh, en): (Vec<&str>, Vec<&str>) = what.columns().iter().map(|column| (column.zh, column.en)).unzip();
                let cure = said(format!("可用的列：{}", zh.join("、")), format!("known columns: {}", en.join(", ")));
                fault(name, said("没有这一列", "is not a column that is known"), cure);
            }
        }
    }
    if !heads.iter().flatten().any(|head| head.key == "number") {
        let key = what.columns()[0];
        let cure =
            said(format!("第一行写列名，其中要有「{}」", key.zh), format!("the first row names the columns; one of them is {:?}", key.en));
        fault("number", said("没有这一列", "is missing"), cure);
    }
    heads
}

fn span(text: &str) -> Option<String> {
    let (from, to) = text.split_once('-')?;
    let (from, to) = (ClockTime::parse(from.trim())?, ClockTime::parse(to.trim())?);
    (from < to).then(|| format!("{from}-{to}"))
}

/// Yuan with at most two decimal places, up to a hundred thousand.
fn fen(text: &str) -> Option<i64> {
    let text = text.trim_start_matches(['¥', '￥']);
    let (yuan, rest) = text.split_once('.').unwrap_or((text, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if yuan.is_empty() || yuan.len() > 6 || rest.len() > 2 || !digits(yuan) || !digits(rest) {
        return None;
    }
    let fen = yuan.parse::<i64>().ok()? * 100 + format!("{rest:0<2}").parse::<i64>().ok()?;
    (fen <= 10_000_000).then_some(fen)
}

#[cfg(test)]
mod tests;
