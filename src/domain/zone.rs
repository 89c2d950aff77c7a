//! Delivery zones: which addresses a branch delivers to, by polygon, street list or keyword, without a map service (C77).

use std::fmt;

use super::{BranchNumber, Money};

/// One zone of a branch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Zone {
    pub id: String,
    pub branch: BranchNumber,
    pub name: String,
    pub rule: ZoneRule,
    /// What holds there instead of the branch's own.
    pub fee: Option<Money>,
    pub least: Option<Money>,
    /// From the order to the door.
    pub minutes: Option<u16>,
}

/// Which addresses lie in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ZoneRule {
    /// Corners in their order.
    Polygon(Vec<Point>),
    Streets(Vec<Street>),
    /// Any of these words is in the address.
    Keywords(Vec<String>),
}

/// A place in millionths of a degree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Point {
    pub lon: i64,
    pub lat: i64,
}

/// A street, or some of its houses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Street {
    pub name: String,
    /// First and last house number.
    pub houses: Option<(u32, u32)>,
    /// Only those with odd (单) or even (双) numbers.
    pub odd: Option<bool>,
}

impl Point {
    /// Reads `121.437,31.188`: longitude and latitude in degrees.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        point(&plain(text))
    }

    /// The position that stands in brackets at the end of an address, as maps give it: `(121.4371,31.1885)`.
    #[must_use]
    pub fn of_address(address: &str) -> Option<Self> {
        position(&plain(address))
    }

    /// The straight way to another place, in metres: on a ball as large as the earth, right to a few per mille within a city.
    #[must_use]
    pub fn metres_to(self, other: Self) -> u32 {
        const METRES_A_DEGREE: f64 = 111_195.0;
        let degrees = |millionths: i64| millionths as f64 / 1e6;
        let middle = f64::midpoint(degrees(self.lat), degrees(other.lat)).to_radians();
        let east = degrees(self.lon - other.lon) * middle.cos() * METRES_A_DEGREE;
        let north = degrees(self.lat - other.lat) * METRES_A_DEGREE;
        east.hypot(north).round() as u32
    }
}

impl fmt::Display for Point {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{},{}", degrees(self.lon), degrees(self.lat))
    }
}

impl ZoneRule {
    /// Stable name of its kind, as stored.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Polygon(_) => "polygon",
            Self::Streets(_) => "streets",
            Self::Keywords(_) => "keywords",
        }
    }

    /// Reads the lines of a rule: corners `121.437,31.188`, streets `漕溪北路 1-199 单`, or words.
    ///
    /// # Errors
    /// What is wrong, with the line.
    pub fn parse(kind: &str, lines: &[&str]) -> Result<Self, String> {
        let lines: Vec<&str> = lines.iter().map(|line| line.trim()).filter(|line| !line.is_empty()).collect();
        if lines.is_empty() {
            return Err("it has no line".into());
        }
        match kind {
            "polygon" => {
                let corners = lines
                    .iter()
                    .map(|line| {
                        point(line).ok_or_else(|| format!("{line:?} is no corner: write longitude,latitude such as 121.437,31.188"))
                    })
                    .collect::<Result<Vec<_>, _>>()?;
                if corners.len() < 3 { Err("a polygon has at least three corners".into()) } else { Ok(Self::Polygon(corners)) }
            }
            "streets" => Ok(Self::Streets(
                lines
                    .iter()
                    .map(|line| street(line).ok_or_else(|| format!("{line:?} is no street: write a name, and houses such as 1-199 单")))
                    .collect::<Result<_, _>>()?,
            )),
            "keywords" => Ok(Self::Keywords(lines.iter().map(|line| plain(line)).collect())),
            other => Err(format!("{other:?} is no kind: write polygon, streets or keywords")),
        }
    }

    /// The same for a rule that somebody writes: what is surely a mistake is told, too. What lies in the store is taken as it is.
    ///
    /// # Errors
    /// What is wrong, with the line or the corners.
    pub fn written(kind: &str, lines: &[&str]) -> Result<Self, String> {
        let rule = Self::parse(kind, lines)?;
        if let Self::Polygon(corners) = &rule {
            let count = corners.len();
            let side = |place: usize| (corners[place], corners[(place + 1) % count]);
            for one in 0..count {
                for other in one + 1..count {
                    // Neighbours meet in a corner.
                    let apart = other - one > 1 && !(one == 0 && other == count - 1);
                    if apart && cross(side(one), side(other)) {
                        let next = |place: usize| (place + 1) % count + 1;
                        let (from, to) = (format!("{}–{}", one + 1, next(one)), format!("{}–{}", other + 1, next(other)));
                        return Err(format!(
                            "its border crosses itself: corners {from} and {to}; write them in the order of a walk around it"
                        ));
                    }
                }
            }
            if corners.windows(3).all(|three| turn(three[0], three[1], three[2]) == 0) {
                return Err("it covers nothing: its corners lie on one line".into());
            }
        }
        Ok(rule)
    }

    /// The lines that it is read from.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        match self {
            Self::Polygon(corners) => corners.iter().map(Point::to_string).collect(),
            Self::Streets(streets) => streets.iter().map(street_line).collect(),
            Self::Keywords(words) => words.clone(),
        }
    }
}

impl Zone {
    /// Whether this address lies in it. A position may stand in brackets at its end, as maps give it: `(121.4371,31.1885)`.
    #[must_use]
    pub fn covers(&self, address: &str) -> bool {
        let text = plain(address);
        match &self.rule {
            ZoneRule::Polygon(corners) => position(&text).is_some_and(|at| inside(corners, at)),
            ZoneRule::Streets(streets) => streets.iter().any(|street| street.covers(&text)),
            ZoneRule::Keywords(words) => words.iter().any(|word| text.contains(word.as_str())),
        }
    }

    /// The more precise a rule is, the earlier it decides.
    #[must_use]
    pub const fn precision(&self) -> u8 {
        match self.rule {
            ZoneRule::Streets(_) => 0,
            ZoneRule::Polygon(_) => 1,
            ZoneRule::Keywords(_) => 2,
        }
    }
}

impl Street {
    fn covers(&self, text: &str) -> bool {
        text.match_indices(&self.name).any(|(at, name)| {
            if self.houses.is_none() && self.odd.is_none() {
                return true;
            }
            let Some(number) = house(&text[at + name.len()..]) else { return false };
            self.houses.is_none_or(|(from, to)| (from..=to).contains(&number)) && self.odd.is_none_or(|odd| (number % 2 == 1) == odd)
        })
    }
}

/// Without spaces, with plain digits and small letters: how addresses are compared.
fn plain(text: &str) -> String {
    let narrow = |c: char| match c {
        '０'..='９' => char::from_u32(u32::from(c) - u32::from('０') + u32::from('0')).unwrap_or(c),
        '（' => '(',
        '）' => ')',
        '，' => ',',
        other => other,
    };
    text.chars().filter(|c| !c.is_whitespace()).map(narrow).flat_map(char::to_lowercase).collect()
}

/// The house number that a text begins with, in digits or in Chinese: `88号`, `八十八号`, `一六八八号`.
fn house(text: &str) -> Option<u32> {
    let digits: String = text.chars().take_while(char::is_ascii_digit).take(6).collect();
    if !digits.is_empty() {
        return digits.parse().ok();
    }
    let numeral: Vec<char> = text.chars().take_while(|c| "零〇一二两三四五六七八九十百千".contains(*c)).take(12).collect();
    let digit = |c: char| {
        "零一二三四五六七八九".chars().position(|known| known == c).or(match c {
            '〇' => Some(0),
            '两' => Some(2),
            _ => None,
        })
    };
    if numeral.is_empty() {
        return None;
    }
    if numeral.iter().all(|c| digit(*c).is_some()) {
        return numeral.iter().try_fold(0_u32, |sum, c| sum.checked_mul(10)?.checked_add(u32::try_from(digit(*c)?).ok()?));
    }
    let (mut sum, mut last) = (0_u32, None::<u32>);
    for c in numeral {
        let unit = match c {
            '十' => 10,
            '百' => 100,
            '千' => 1000,
            other => {
                last = digit(other).and_then(|digit| u32::try_from(digit).ok());
                continue;
            }
        };
        sum = sum.checked_add(last.take().unwrap_or(1).checked_mul(unit)?)?;
    }
    sum.checked_add(last.unwrap_or(0))
}

/// `漕溪北路 1-199 单`
fn street(line: &str) -> Option<Street> {
    let mut street = Street { name: String::new(), houses: None, odd: None };
    for part in line.split_whitespace() {
        match part {
            "单" | "odd" => street.odd = Some(true),
            "双" | "even" => street.odd = Some(false),
            houses if houses.starts_with(|c: char| c.is_ascii_digit()) => {
                let (from, to) = houses.split_once('-').unwrap_or((houses, houses));
                let (from, to) = (from.parse().ok()?, to.parse().ok()?);
                if from > to || street.houses.is_some() {
                    return None;
                }
                street.houses = Some((from, to));
            }
            name if street.houses.is_none() && street.odd.is_none() => street.name.push_str(&plain(name)),
            _ => return None,
        }
    }
    (street.name.chars().count() >= 2).then_some(street)
}

fn street_line(street: &Street) -> String {
    let mut line = street.name.clone();
    if let Some((from, to)) = street.houses {
        line.push_str(&format!(" {from}-{to}"));
    }
    if let Some(odd) = street.odd {
        line.push_str(if odd { " 单" } else { " 双" });
    }
    line
}

/// The position at the end of an address.
fn position(text: &str) -> Option<Point> {
    let open = text.rfind('(')?;
    point(text[open + 1..].split(')').next()?)
}

fn point(text: &str) -> Option<Point> {
    let (lon, lat) = text.split_once([',', ' '])?;
    let at = Point { lon: millionths(lon.trim())?, lat: millionths(lat.trim())? };
    (at.lon.abs() <= 180_000_000 && at.lat.abs() <= 90_000_000).then_some(at)
}

/// `121.437` is 121 437 000.
fn millionths(text: &str) -> Option<i64> {
    let (sign, text) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || whole.len() > 3 || !digits(whole) || !digits(part) {
        return None;
    }
    let part: String = part.chars().chain(std::iter::repeat('0')).take(6).collect();
    Some(sign * (whole.parse::<i64>().ok()? * 1_000_000 + part.parse::<i64>().ok()?))
}

fn degrees(millionths: i64) -> String {
    let (sign, size) = if millionths < 0 { ("-", -millionths) } else { ("", millionths) };
    format!("{sign}{}.{:06}", size / 1_000_000, size % 1_000_000)
}

/// Left (1), right (-1) or straight on (0) at `at`, on the way from one place to another. Exact: whole numbers only.
fn turn(from: Point, at: Point, to: Point) -> i128 {
    let (east, north) = (i128::from(at.lon - from.lon), i128::from(at.lat - from.lat));
    (east * i128::from(to.lat - from.lat) - north * i128::from(to.lon - from.lon)).signum()
}

/// Whether two sides cross, each in its middle.
fn cross((a, b): (Point, Point), (c, d): (Point, Point)) -> bool {
    turn(a, b, c) * turn(a, b, d) < 0 && turn(c, d, a) * turn(c, d, b) < 0
}

/// Whether a ray to the east crosses the border an odd number of times. Exact: whole numbers only.
fn inside(corners: &[Point], at: Point) -> bool {
    let mut inside = false;
    for (place, one) in corners.iter().enumerate() {
        let other = &corners[(place + corners.len() - 1) % corners.len()];
        if (one.lat > at.lat) == (other.lat > at.lat) {
            continue;
        }
        // at.lon < one.lon + (other.lon - one.lon) * (at.lat - one.lat) / (other.lat - one.lat)
        let rise = i128::from(other.lat - one.lat);
        let left = i128::from(at.lon - one.lon) * rise;
        let right = i128::from(other.lon - one.lon) * i128::from(at.lat - one.lat);
        if (rise > 0 && left < right) || (rise < 0 && left > right) {
            inside = !inside;
        }
    }
    inside
}

#[cfg(test)]
mod tests {
    use super::{Point, Zone, ZoneRule, house};
    use crate::domain::BranchNumber;

    fn zone(kind: &str, lines: &[&str]) -> Zone {
        let rule = ZoneRule::parse(kind, lines).unwrap();
        let shown = rule.lines();
        let again = ZoneRule::parse(kind, &shown.iter().map(String::as_str).collect::<Vec<_>>()).unwrap();
        assert_eq!(again, rule, "it is written as it is read");
        Zone { id: "z".into(), branch: BranchNumber::new(1).unwrap(), name: "区".into(), rule, fee: None, least: None, minutes: None }
    }

    #[test]
    fn c77_house_numbers_are_read_in_digits_and_in_chinese() {
        for (text, number) in [
            ("88号", 88),
            ("八十八号", 88),
            ("十八弄", 18),
            ("一百零五号", 105),
            ("一六八八号", 1688),
            ("两千零一十号", 2010),
            ("五〇二", 502),
        ] {
            assert_eq!(house(text), Some(number), "{text}");
        }
        assert_eq!(house("号"), None);
    }

    #[test]
    fn c77_a_street_may_belong_to_two_branches_by_its_numbers() {
        let near = zone("streets", &["漕溪北路 1-199", "天钥桥路 单", "裕德路"]);
        assert!(near.covers("徐汇区漕溪北路 八十八号 502室") && near.covers("漕溪北路１９９号"));
        assert!(!near.covers("漕溪北路200号") && !near.covers("漕溪北路"), "without a number nobody can know");
        assert!(near.covers("天钥桥路71号") && !near.covers("天钥桥路72号"));
        assert!(near.covers("裕德路") && !near.covers("莘松路五十八号"));
    }

    #[test]
    fn c77_keywords_and_polygons_need_no_map() {
        assert!(zone("keywords", &["徐家汇", "Grand Gateway"]).covers("港汇 grand  gateway 3楼"));
        let square = zone("polygon", &["121.43,31.18", "121.45,31.18", "121.45,31.20", "121.43,31.20"]);
        assert!(square.covers("漕溪北路88号 (121.4371,31.1885)") && square.covers("某处（121.449999，31.19）"));
        assert!(!square.covers("某处 (121.4271,31.1885)") && !square.covers("漕溪北路88号"));
        let hollow = zone("polygon", &["0,0", "4,0", "4,4", "2,1", "0,4"]);
        assert!(hollow.covers("(1,1)") && !hollow.covers("(2,3)"), "outside of the bay");
    }

    /// Xujiahui church to Jing'an temple: 3.4 km on any map.
    #[test]
    fn the_way_between_two_places_is_straight_and_in_metres() {
        let church = Point::of_address("漕溪北路 (121.4370，31.1910)").unwrap();
        let temple = Point::parse("121.4453, 31.2235").unwrap();
        assert_eq!(Point::parse(&church.to_string()), Some(church));
        assert!((3650..3750).contains(&church.metres_to(temple)), "{}", church.metres_to(temple));
        assert_eq!((church.metres_to(church), church.metres_to(temple)), (0, temple.metres_to(church)));
        assert_eq!(Point::of_address("漕溪北路八十八号"), None);
        assert!(Point::parse("181,0").is_none() && Point::parse("徐家汇").is_none());
    }

    #[test]
    fn a_rule_says_what_is_wrong_with_it() {
        for (kind, lines, fault) in [
            ("polygon", vec!["1,1", "2,2"], "three corners"),
            ("polygon", vec!["1;1", "2,2", "3,3"], "no corner"),
            ("streets", vec!["漕溪北路 9-1"], "no street"),
            ("keywords", vec![" "], "no line"),
            ("circle", vec!["x"], "no kind"),
            ("polygon", vec!["0,0", "4,4", "4,0", "0,4"], "corners 1–2 and 3–4"),
            ("polygon", vec!["1,1", "2,2", "3,3"], "covers nothing"),
        ] {
            let told = ZoneRule::written(kind, &lines).unwrap_err();
            assert!(told.contains(fault), "{told}");
        }
    }
}
