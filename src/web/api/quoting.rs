//! An order as a console writes it down, checked and priced by the very functions of the keypad line (C61).

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{LEAD, phone, text};
use crate::domain::{
    BranchNumber, Cart, CartLine, Catalogue, ClockTime, CustomerId, DateTime, DiscountReason, InvoiceFault, InvoiceRequest, Language,
    MemberNumber, MenuNumber, Money, Opening, Place, PlacedVia, Quantity, ShopClock, Timestamp, User, When,
};
use crate::order::cart::MOST_LINES;
use crate::order::dispatch::{Asked, choose};
use crate::order::placing::{Placeable, Refusal, Wish, check, fits};
use crate::order::pricing::{self, Quote};
use crate::store::{OrderRequest, TakenDown};
use crate::web::{Answer, Problem, Viewer, Web};
use crate::wire::pop::{size_name, size_of, spice_name, spice_of};
use crate::wire::time;

/// `OrderDraft` of `docs/api.md`.
#[derive(Debug, Clone, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct Draft {
    #[serde(default)]
    customer: Option<String>,
    #[serde(default)]
    member: Option<String>,
    #[serde(default)]
    phone: String,
    #[serde(default)]
    contact: String,
    service: String,
    #[serde(default)]
    branch: Option<u16>,
    #[serde(default)]
    address_id: Option<String>,
    #[serde(default)]
    address_text: Option<String>,
    #[serde(default)]
    wanted_at: Option<String>,
    #[schema(inline)]
    lines: Vec<Line>,
    #[serde(default)]
    points: bool,
    #[serde(default)]
    note: Option<String>,
    #[serde(default, rename = "override")]
    #[schema(inline)]
    outside: Option<Override>,
    /// The guest wants an invoice, made out so (C91).
    #[serde(default)]
    #[schema(inline)]
    invoice: Option<InvoiceIn>,
}

#[derive(Debug, Clone, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct Line {
    dish: u32,
    quantity: u32,
    #[serde(default)]
    size: Option<String>,
    #[serde(default)]
    spice: Option<String>,
    #[serde(default)]
    note: Option<String>,
}

/// Who lets an order out of the zone through, and why.
#[derive(Debug, Clone, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct Override {
    #[serde(default)]
    who: String,
    why: String,
}

/// Who an invoice is made out to, as it was taken down.
#[derive(Debug, Clone, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct InvoiceIn {
    /// `person` or `company`.
    kind: String,
    #[serde(default)]
    title: String,
    #[serde(default)]
    tax_number: String,
    #[serde(default)]
    email: String,
    #[serde(default)]
    phone: String,
}

impl InvoiceIn {
    /// Checked: what may be kept, or what is wrong.
    pub(super) fn checked(&self) -> Result<InvoiceRequest, InvoiceFault> {
        InvoiceRequest::check(&self.kind, &self.title, &self.tax_number, &self.email, &self.phone)
    }
}

/// One thing that stands in the way.
struct Obstacle {
    code: &'static str,
    zh: String,
    en: String,
    dish: Option<u32>,
}

impl Obstacle {
    fn new(code: &'static str, zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self { code, zh: zh.into(), en: en.into(), dish: None }
    }

    fn of(code: &'static str, dish: u32, zh: String, en: String) -> Self {
        Self { code, zh, en, dish: Some(dish) }
    }
}

/// A draft made into what the store takes, with its price and what stands in its way.
pub(super) struct Priced {
    pub(super) request: OrderRequest,
    pub(super) taken: TakenDown,
    quote: Quote,
    promised_at: Option<Timestamp>,
    obstacles: Vec<Obstacle>,
}

impl Priced {
    /// Whether it may be placed.
    pub(super) fn is_fine(&self) -> bool {
        self.obstacles.is_empty()
    }

    /// The first thing that stands in the way, in the viewer's language.
    pub(super) fn first_obstacle(&self, language: Language) -> String {
        let say = |obstacle: &Obstacle| if language == Language::English { obstacle.en.clone() } else { obstacle.zh.clone() };
        self.obstacles.first().map_or_else(String::new, say)
    }

    /// `Quote` of `docs/api.md`.
    pub(super) fn show(&self, catalogue: &Catalogue) -> Value {
        let mut notes = self.taken.notes.iter();
        let lines: Vec<Value> = self
            .quote
            .lines
            .iter()
            .map(|line| {
                json!({
                    "dish": line.dish.get(),
                    "zh": line.zh,
                    "en": line.en,
                    "quantity": line.quantity.get(),
                    "size": line.size.map(size_name),
                    "spice": line.spice.map(spice_name),
                    "note": notes.next().cloned().flatten(),
                    "price_fen": line.price.as_fen(),
                    "amount_fen": line.amount.as_fen(),
                })
            })
            .collect();
        let (mut discounts, mut points) = (Vec::new(), Money::ZERO);
        for discount in &self.quote.discounts {
            if matches!(discount.reason, DiscountReason::Points { .. }) {
                points = points.plus(discount.amount);
                continue;
            }
            let (zh, en) = why(&discount.reason, catalogue);
            discounts.push(json!({ "why": discount.reason.name(), "zh": zh, "en": en, "off_fen": discount.amount.as_fen() }));
        }
        let problems: Vec<Value> = self
            .obstacles
            .iter()
            .map(|one| {
                let mut shown = json!({ "code": one.code, "zh": one.zh, "en": one.en });
                if let Some(dish) = one.dish {
                    shown["dish"] = json!(dish);
                }
                shown
            })
            .collect();
        json!({
            "lines": lines,
            "goods_fen": self.quote.goods.as_fen(),
            "discounts": discounts,
            "fee_fen": self.quote.fee.as_fen(),
            "points_fen": points.as_fen(),
            "pay_fen": self.quote.pay.as_fen(),
            "promised_at": self.promised_at.map(time),
            "branch": self.request.place.branch().get(),
            "problems": problems,
        })
    }
}

fn why(reason: &DiscountReason, catalogue: &Catalogue) -> (String, String) {
    match reason {
        DiscountReason::Level { level, percent } => match catalogue.level(level) {
            Some(level) => (format!("{}会员优惠{percent}%", level.zh), format!("{} member, {percent}% off", level.en)),
            None => (format!("会员优惠{percent}%"), format!("member, {percent}% off")),
        },
        DiscountReason::Quantity { dish, portions, percent } => {
            let (zh, en) = names(catalogue, u32::from(dish.get()));
            (format!("{zh}满{portions}份优惠{percent}%"), format!("{portions} of {en}, {percent}% off"))
        }
        DiscountReason::Offer { offer } => match catalogue.offers.iter().find(|known| known.id == *offer) {
            Some(offer) => (offer.zh.clone(), offer.en.clone()),
            None => (offer.clone(), offer.clone()),
        },
        DiscountReason::Points { points } => (format!("积分抵扣{points}分"), format!("{points} points")),
        DiscountReason::Credit { .. } => ("补偿抵扣".to_owned(), "owed for an earlier order".to_owned()),
    }
}

fn names(catalogue: &Catalogue, dish: u32) -> (String, String) {
    let known = u16::try_from(dish).ok().and_then(MenuNumber::new).and_then(|number| catalogue.dishes.get(&number));
    known.map_or_else(|| (format!("{dish}号"), format!("no. {dish}")), |dish| (dish.zh.clone(), dish.en.clone()))
}

/// Checks and prices a draft. What cannot be understood is refused; what cannot be ordered is told with the price.
pub(super) async fn priced(web: &Web, viewer: &Viewer, draft: &Draft, catalogue: &Catalogue) -> Answer<Priced> {
    let now = web.wall();
    let clock = web.store.clock();
    let local = clock.local(now);
    let mut obstacles = Vec::new();
    let (cart, notes) = cart(draft, catalogue, &mut obstacles)?;
    let phone = match draft.phone.trim() {
        "" => {
            obstacles.push(Obstacle::new("no_phone", "请填写联系电话", "a contact number is missing"));
            phone("000")?
        }
        given => phone(given)?,
    };
    let customer = draft.customer.clone().filter(|id| !id.is_empty()).map(CustomerId::new);
    let terms = terms(web, draft, customer.as_ref()).await?;
    let outside = match &draft.outside {
        Some(given) => let_out(web, viewer, given, &mut obstacles).await?,
        None => None,
    };
    let (place, typed) = place(web, draft, customer.as_ref(), outside.is_some(), catalogue, local, &mut obstacles).await?;
    let when = match draft.wanted_at.as_deref().filter(|at| !at.is_empty()) {
        None => When::Now,
        Some(at) => When::At(wanted(at, clock).ok_or_else(|| {
            Problem::invalid("wanted_at is a time of the restaurant as in 2026-11-22T18:30, or a moment as in 2026-11-22T10:30:00Z")
        })?),
    };
    // An address that a person still looks at is in no zone yet, nor is one that nobody has given.
    let unknown = obstacles.iter().any(|obstacle| obstacle.code == "no_address");
    let let_through = outside.is_some() || typed == Some(false) || unknown;
    let (member, level, balance) = terms.map_or((None, None, 0), |(member, level, balance)| (Some(member), Some(level), balance));
    let points = if draft.points { balance } else { 0 };
    let via = if viewer.program { PlacedVia::Api } else { PlacedVia::Agent };
    let credit = match &customer {
        Some(customer) => web.store.credit_of(customer, now).await?,
        None => None,
    };
    let owed = credit.as_ref();
    let wish = Wish { cart: &cart, place: &place, when, level: level.as_deref(), points, balance, credit: owed, via, let_through };
    let (quote, promised_at) = match check(catalogue, &wish, now, clock) {
        Ok(Placeable { quote, promised_at }) => {
            let promised = web.store.promised(place.branch(), promised_at).await?;
            if let Err(refusal) = fits(catalogue, &place, promised, &quote) {
                refused(&refusal, &cart, catalogue, &mut obstacles);
            }
            (quote, Some(promised_at))
        }
        Err(refusal) => {
            refused(&refusal, &cart, catalogue, &mut obstacles);
            (pricing::quote_owed(catalogue, &cart, level.as_deref(), local, Some(&place), points, owed), None)
        }
    };
    let invoice = match draft.invoice.as_ref().map(InvoiceIn::checked).transpose() {
        Ok(invoice) => invoice,
        Err(fault) => {
            let (zh, en) = fault.words();
            obstacles.push(Obstacle::new("invoice", zh, en));
            None
        }
    };
    let request = OrderRequest {
        key: String::new(),
        customer,
        member,
        phone,
        language: Language::Mandarin,
        cart,
        place,
        when,
        points: quote.points_spent(),
        note: None,
        heard: quote.pay,
        again: false,
    };
    let taken = TakenDown {
        agent: Some(viewer.user.clone()),
        agent_name: viewer.name.clone(),
        call: None,
        contact: text("contact", &draft.contact, 60)?,
        remark: text("note", draft.note.as_deref().unwrap_or_default(), 500)?,
        notes,
        typed,
        outside,
        invoice,
    };
    Ok(Priced { request, taken, quote, promised_at, obstacles })
}

/// Day and time on the restaurant's clock, or a moment with its time zone, as our answers tell it (RFC 3339). A bare day is neither: it would
/// mean midnight.
fn wanted(text: &str, clock: &ShopClock) -> Option<DateTime> {
    let forms = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"];
    let plain = forms.iter().find_map(|form| DateTime::strptime(form, text).ok());
    let moment = || text.parse::<jiff::Timestamp>().ok().filter(|_| text.contains('T'));
    plain.or_else(|| Some(clock.local(Timestamp::from_millis(moment()?.as_millisecond()))))
}

/// Who may let an order out of the zone through: those who lead, by name.
pub(super) async fn may_let_out(web: &Web) -> Answer<Vec<User>> {
    let leads = |user: &User| LEAD.contains(&user.role) && !user.disabled;
    Ok(web.store.users().await?.into_iter().filter(leads).collect())
}

/// Who lets the order out of the zone through, by the name on record, and why. Nobody named is the viewer. None, with an
/// obstacle, when whoever is named may not.
async fn let_out(web: &Web, viewer: &Viewer, given: &Override, obstacles: &mut Vec<Obstacle>) -> Answer<Option<(String, String)>> {
    let why = super::needed("override.why", &given.why, 200)?;
    let who = text("override.who", &given.who, 60)?;
    if !viewer.program && LEAD.contains(&viewer.role) && (who.is_empty() || who == viewer.name) {
        return Ok(Some((viewer.name.clone(), why)));
    }
    let is_meant = |user: &User| user.name == who || user.login == who || (!user.number.is_empty() && user.number == who);
    if !who.is_empty()
        && let Some(user) = may_let_out(web).await?.into_iter().find(is_meant)
    {
        return Ok(Some((user.name, why)));
    }
    let named = if who.is_empty() { &viewer.name } else { &who };
    obstacles.push(Obstacle::new(
        "override_who",
        format!("超出配送范围的订单要由班长或经理同意:{named}不是在用的班长或经理账号"),
        format!("an order out of the zone is let through by a supervisor or manager: {named} is no such user"),
    ));
    Ok(None)
}

fn cart(draft: &Draft, catalogue: &Catalogue, obstacles: &mut Vec<Obstacle>) -> Answer<(Cart, Vec<Option<String>>)> {
    if draft.lines.len() > MOST_LINES {
        return Err(Problem::invalid(format!("an order has at most {MOST_LINES} lines")));
    }
    let (mut cart, mut notes) = (Cart::default(), Vec::new());
    for line in &draft.lines {
        let number = u16::try_from(line.dish).ok().and_then(MenuNumber::new).filter(|number| catalogue.dish(*number).is_some());
        let Some(dish) = number else {
            let (zh, en) = names(catalogue, line.dish);
            obstacles.push(Obstacle::of("unknown_dish", line.dish, format!("菜单上没有{zh}"), format!("{en} is not on the menu")));
            continue;
        };
        let quantity = u16::try_from(line.quantity).ok().and_then(Quantity::new);
        let quantity = quantity.ok_or_else(|| Problem::invalid("a quantity is 1 to 99"))?;
        let given = |name: &Option<String>| name.clone().filter(|name| !name.is_empty());
        let size = given(&line.size).map(|name| size_of(&name).ok_or_else(|| Problem::invalid("size is large, medium or small")));
        let spice = given(&line.spice).map(|name| spice_of(&name).ok_or_else(|| Problem::invalid("spice is none, mild, medium or hot")));
        cart.lines.push(CartLine { dish, quantity, size: size.transpose()?, spice: spice.transpose()? });
        let note = text("a line's note", line.note.as_deref().unwrap_or_default(), 100)?;
        notes.push(Some(note).filter(|note| !note.is_empty()));
    }
    Ok((cart, notes))
}

/// Membership, level and points that count: of the member who is named, else of the customer.
async fn terms(web: &Web, draft: &Draft, customer: Option<&CustomerId>) -> Answer<Option<(MemberNumber, String, i64)>> {
    let named = draft.member.as_deref().filter(|number| !number.is_empty());
    let named = named.map(|number| MemberNumber::parse(number).ok_or_else(|| Problem::invalid("a member number has six digits")));
    let found = web.store.membership(named.transpose()?.as_ref(), customer).await?;
    let Some((member, level)) = found else {
        return match &draft.member {
            Some(number) if !number.is_empty() => Err(Problem::invalid("there is no such member of this customer")),
            _ => Ok(None),
        };
    };
    let balance = web.store.points_balance(&member, web.wall()).await?;
    Ok(Some((member, level, balance)))
}

/// Where to, and whether the address was typed now (true: a person chose its branch).
async fn place(
    web: &Web,
    draft: &Draft,
    customer: Option<&CustomerId>,
    let_through: bool,
    catalogue: &Catalogue,
    local: DateTime,
    obstacles: &mut Vec<Obstacle>,
) -> Answer<(Place, Option<bool>)> {
    let chosen = draft.branch.map(|number| super::customers::known_branch(web, number)).transpose()?;
    match draft.service.as_str() {
        "pickup" => {
            let branch = match chosen {
                Some(branch) => branch,
                None => {
                    obstacles.push(Obstacle::new("no_branch", "请选择取餐门店", "choose the branch where it is fetched"));
                    proposed(web, customer, catalogue, local).await?
                }
            };
            return Ok((Place::Pickup { branch }, None));
        }
        "delivery" => {}
        _ => return Err(Problem::invalid("service is delivery or pickup")),
    }
    if let Some(id) = draft.address_id.as_deref().filter(|id| !id.is_empty()) {
        let (owner, address) = web.store.address(id).await?.ok_or_else(|| Problem::not_found("address"))?;
        if owner.is_some() && customer.is_some() && owner.as_ref() != customer {
            return Err(Problem::invalid("this address is another customer's"));
        }
        let (branch, typed) = match (address.branch, chosen) {
            (Some(covers), Some(branch)) if covers != branch => {
                if !let_through {
                    obstacles.push(Obstacle::new("outside", "该门店不送这个地址", "this branch does not deliver to that address"));
                }
                (branch, None)
            }
            (Some(covers), _) => (covers, None),
            // Nobody had checked it: who chooses a branch now has.
            (None, Some(branch)) => (branch, Some(true)),
            (None, None) => (proposed(web, customer, catalogue, local).await?, Some(false)),
        };
        return Ok((Place::Saved { address: address.id, text: address.text, branch }, typed));
    }
    let typed = text("address_text", draft.address_text.as_deref().unwrap_or_default(), 200)?;
    if typed.is_empty() {
        obstacles.push(Obstacle::new("no_address", "请填写送餐地址", "the address is missing"));
    }
    let dishes: Vec<MenuNumber> = draft.lines.iter().filter_map(|line| u16::try_from(line.dish).ok().and_then(MenuNumber::new)).collect();
    let asked = Asked { address: &typed, dishes: &dishes };
    let by_zone = if typed.is_empty() || chosen.is_some() || catalogue.zones.is_empty() {
        None
    } else {
        choose(asked, catalogue, &web.store.loads().await?, web.wall(), web.store.clock()).branch
    };
    // A branch that a zone gave needs no second look at the address.
    let (branch, checked) = match chosen.or(by_zone) {
        Some(branch) => (branch, true),
        None => (proposed(web, customer, catalogue, local).await?, false),
    };
    Ok((Place::Saved { address: String::new(), text: typed, branch }, Some(checked)))
}

/// The branch that this customer had last, else one that is open, else the first.
async fn proposed(web: &Web, customer: Option<&CustomerId>, catalogue: &Catalogue, local: DateTime) -> Answer<BranchNumber> {
    let last = match customer {
        Some(customer) => web.store.last_branch(customer).await?.filter(|branch| catalogue.branches.contains_key(branch)),
        None => None,
    };
    let open = || {
        let open = catalogue.branches.values().find(|branch| matches!(branch.opening(local, &catalogue.holidays), Opening::Open { .. }));
        open.or_else(|| catalogue.branches.values().next()).map(|branch| branch.number)
    };
    last.or_else(open).ok_or_else(|| Problem::not_found("branch"))
}

fn refused(refusal: &Refusal, cart: &Cart, catalogue: &Catalogue, obstacles: &mut Vec<Obstacle>) {
    match refusal {
        Refusal::Empty if obstacles.iter().any(|one| one.code == "unknown_dish") => {}
        Refusal::Empty => obstacles.push(Obstacle::new("empty", "还没有点菜", "nothing is ordered yet")),
        Refusal::SoldOut(dishes) => {
            for dish in dishes.iter().collect::<BTreeSet<_>>() {
                let (zh, en) = names(catalogue, u32::from(dish.get()));
                let always = catalogue.dish(*dish).is_none_or(|dish| dish.served.is_none());
                let hours = catalogue.dish(*dish).and_then(|dish| dish.served).filter(|_| !always);
                let (zh, en) = match hours {
                    Some((from, to)) => (
                        format!("{zh}已售完或不在供应时间({from}-{to})"),
                        format!("{en} is sold out, or not served at that time ({from}-{to})"),
                    ),
                    None => (format!("{zh}已售完"), format!("{en} is sold out")),
                };
                obstacles.push(Obstacle::of("sold_out", u32::from(dish.get()), zh, en));
            }
        }
        Refusal::NoBranch(_) => obstacles.push(Obstacle::new("no_branch", "没有这家门店", "there is no such branch")),
        Refusal::Closed { opens } => {
            let until = |words: fn(ClockTime) -> String| opens.map_or_else(String::new, |opens| words(ClockTime::of(opens)));
            let zh = format!("门店已打烊或已过最后接单时间{}", until(|at| format!(",{at}开门")));
            let en = format!("the branch is closed or past its last order{}", until(|at| format!(", opens at {at}")));
            obstacles.push(Obstacle::new("closed", zh, en));
        }
        Refusal::Past => obstacles.push(Obstacle::new("past", "预约时间已过", "that time has passed")),
        Refusal::TooFar => obstacles.push(Obstacle::new("too_far", "预约时间太远", "that is further ahead than orders are taken")),
        Refusal::TooSmall { least } => obstacles.push(Obstacle::new(
            "too_small",
            format!("未达起送价{}元", least.as_fen() / 100),
            format!("below the least amount for delivery, {} yuan", least.as_fen() / 100),
        )),
        Refusal::Bulk(dish) => {
            let (zh, en) = names(catalogue, u32::from(dish.get()));
            obstacles.push(Obstacle::of("bulk", u32::from(dish.get()), format!("{zh}数量太多"), format!("too many portions of {en}")));
        }
        Refusal::Outside => obstacles.push(Obstacle::new("outside", "这个地址不在配送范围内", "nobody delivers to that address")),
        Refusal::Full => obstacles.push(Obstacle::new("full", "该时段门店已约满", "the branch has promised all it can for that time")),
        Refusal::NoPoints => obstacles.push(Obstacle::new("no_points", "积分不足", "not enough points")),
    }
    // The first refusal hides the others: what is sold out is told whatever else is wrong.
    if !matches!(refusal, Refusal::SoldOut(_)) {
        let everywhere = |dish: MenuNumber| catalogue.sold_out.iter().any(|gone| gone.dish == dish && gone.branch.is_none());
        for line in cart.lines.iter().filter(|line| everywhere(line.dish)) {
            let (zh, en) = names(catalogue, u32::from(line.dish.get()));
            obstacles.push(Obstacle::of("sold_out", u32::from(line.dish.get()), format!("{zh}已售完"), format!("{en} is sold out")));
        }
    }
}
