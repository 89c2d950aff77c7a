//! Requests for an invoice (发票): who it is made out to, checked while the guest is still on the telephone (C91).

use super::PhoneNumber;

/// A title has at most so many characters, as on the invoice itself.
const LONGEST_TITLE: usize = 100;
/// RFC 5321 section 4.5.3.1.3, without the angle brackets.
const LONGEST_EMAIL: usize = 254;

/// Who an invoice is made out to, and where it is sent. Only made of what passed the checks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvoiceRequest {
    /// 抬头. 个人 when a person gives no name.
    pub title: String,
    /// 纳税人识别号 of a company; none: it is made out to a person.
    pub tax_number: Option<TaxNumber>,
    pub email: Option<String>,
    pub phone: Option<PhoneNumber>,
}

/// What is wrong with a request; the first thing that somebody can ask the guest about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InvoiceFault {
    /// `kind` is neither `person` nor `company`.
    Kind,
    /// A company without a name, or a name that is too long.
    Title,
    /// A company without a tax number.
    NoTaxNumber,
    /// A person with a tax number: the guest means a company.
    PersonWithTaxNumber,
    /// No form of tax number has this length or these characters.
    TaxNumberForm,
    /// The last character does not fit the others: something was misheard.
    TaxNumberCheck,
    Email,
    /// Not a mainland mobile number.
    Phone,
    /// Nowhere to send it to.
    Nowhere,
}

impl InvoiceFault {
    /// What is wrong, in Chinese and English.
    #[must_use]
    pub const fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Kind => ("发票类型是个人或公司", "an invoice is for a person or a company"),
            Self::Title => ("请填写发票抬头(公司全称,最多100字)", "the company's full name is missing, or longer than 100 characters"),
            Self::NoTaxNumber => ("开给公司的发票要有税号", "an invoice for a company needs its tax number"),
            Self::PersonWithTaxNumber => ("个人发票不需要税号;有税号请选公司", "a person's invoice has no tax number: choose company"),
            Self::TaxNumberForm => {
                ("税号是18位(也有15、17、20位)的数字和大写字母", "a tax number has 18 digits and capitals (some old ones 15, 17 or 20)")
            }
            Self::TaxNumberCheck => {
                ("税号校验位不对:请与客人逐位核对", "the tax number's check character is wrong: read it back to the guest")
            }
            Self::Email => ("邮箱不对", "this is no e-mail address"),
            Self::Phone => ("接收发票的手机号不对", "this is no mobile number"),
            Self::Nowhere => ("请填写接收发票的邮箱或手机号", "an e-mail address or a mobile number to send it to is missing"),
        }
    }
}

impl InvoiceRequest {
    /// Checks what somebody took down: `kind` is `person` or `company`; what is not given is empty.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn check(kind: &str, title: &str, tax_number: &str, email: &str, phone: &str) -> Result<Self, InvoiceFault> {
        let title = title.trim();
        if title.chars().count() > LONGEST_TITLE || title.chars().any(char::is_control) {
            return Err(InvoiceFault::Title);
        }
        let (title, tax_number) = match kind {
            "person" if !tax_number.trim().is_empty() => return Err(InvoiceFault::PersonWithTaxNumber),
            "person" => (if title.is_empty() { "个人" } else { title }, None),
            "company" if title.is_empty() => return Err(InvoiceFault::Title),
            "company" if tax_number.trim().is_empty() => return Err(InvoiceFault::NoTaxNumber),
            "company" => (title, Some(TaxNumber::parse(tax_number)?)),
            _ => return Err(InvoiceFault::Kind),
        };
        let email = Some(email.trim()).filter(|email| !email.is_empty());
        if email.is_some_and(|email| !is_email(email)) {
            return Err(InvoiceFault::Email);
        }
        let phone = match phone.trim() {
            "" => None,
            given => Some(PhoneNumber::parse(given).filter(PhoneNumber::is_mobile).ok_or(InvoiceFault::Phone)?),
        };
        if email.is_none() && phone.is_none() {
            return Err(InvoiceFault::Nowhere);
        }
        Ok(Self { title: title.to_owned(), tax_number, email: email.map(str::to_owned), phone })
    }

    /// `person` or `company`.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        if self.tax_number.is_some() { "company" } else { "person" }
    }
}

/// One `@` with something before it, and a name with a dot behind it: who mistypes more gets no invoice, and says so.
fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.split_once('@') else { return false };
    let plain = |c: char| c.is_ascii_graphic() && !matches!(c, '@' | ',' | ';' | '<' | '>' | '"' | '(' | ')' | '\\');
    text.len() <= LONGEST_EMAIL
        && !local.is_empty()
        && text.chars().filter(|c| *c != '@').all(plain)
        && domain.split('.').count() > 1
        && domain.split('.').all(|label| !label.is_empty() && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-'))
}

/// A taxpayer's number: the unified social credit code of GB 32100-2015 (18 characters), or one of the older forms that some
/// taxpayers still have (15, 17, 20).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaxNumber(String);

impl TaxNumber {
    /// Reads what somebody typed: full-width and small letters, spaces and dashes are put right.
    ///
    /// # Errors
    /// `TaxNumberForm` for other lengths or characters, `TaxNumberCheck` when 18 characters do not fit their check character
    /// (GB 32100-2015). The older forms have none that holds for all of them.
    pub fn parse(text: &str) -> Result<Self, InvoiceFault> {
        let plain = |c: char| match c {
            '\u{ff01}'..='\u{ff5e}' => char::from_u32(c as u32 - 0xfee0).unwrap_or(c),
            other => other,
        };
        let code: String = text.chars().map(plain).filter(|c| !c.is_whitespace() && *c != '-').map(|c| c.to_ascii_uppercase()).collect();
        if !code.bytes().all(|c| c.is_ascii_digit() || c.is_ascii_uppercase()) {
            return Err(InvoiceFault::TaxNumberForm);
        }
        match code.len() {
            18 if fits(&code) => Ok(Self(code)),
            18 => Err(InvoiceFault::TaxNumberCheck),
            // They begin with the six digits of a place.
            15 | 17 | 20 if code.bytes().take(6).all(|c| c.is_ascii_digit()) => Ok(Self(code)),
            _ => Err(InvoiceFault::TaxNumberForm),
        }
    }

    /// One that was checked when it was taken down.
    #[must_use]
    pub fn kept(code: &str) -> Self {
        Self(code.to_owned())
    }

    /// Capital letters and digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// GB 32100-2015: 31 characters without I, O, S, V and Z; weight 3^(i-1) mod 31; the last makes the sum a multiple of 31.
fn fits(code: &str) -> bool {
    const CHARACTERS: &str = "0123456789ABCDEFGHJKLMNPQRTUWXY";
    let (mut sum, mut weight) = (0, 1);
    for (place, c) in code.chars().enumerate() {
        let Some(value) = CHARACTERS.find(c) else { return false };
        // Place three to eight: the office that registered it (GB/T 2260), digits.
        if (2..8).contains(&place) && !c.is_ascii_digit() {
            return false;
        }
        if place == 17 {
            return (sum + value) % 31 == 0;
        }
        sum += value * weight;
        weight = weight * 3 % 31;
    }
    false
}

/// How far a request is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum InvoiceStatus {
    Asked,
    /// The provider has it.
    Exported,
    Issued,
    /// The provider could not; it may be asked for again with other words.
    Failed,
    /// The guest wants none any more.
    Withdrawn,
}

impl InvoiceStatus {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Asked, Self::Exported, Self::Issued, Self::Failed, Self::Withdrawn];

    /// Stable name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Asked => "asked",
            Self::Exported => "exported",
            Self::Issued => "issued",
            Self::Failed => "failed",
            Self::Withdrawn => "withdrawn",
        }
    }

    /// By its stable name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.name() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers that their owners publish.
    const REAL: [&str; 5] = ["91110000600037341L", "9144030071526726XG", "91330100799655058B", "914403001922038216", "91110000802100433B"];

    #[test]
    fn c91_a_unified_code_is_checked_by_its_last_character() {
        for code in REAL {
            assert_eq!(TaxNumber::parse(code).map(|number| number.0), Ok(code.to_owned()));
            // Each single character that was misheard is found, and so is each pair that was swapped.
            for place in 0..18 {
                let mut wrong = code.as_bytes().to_vec();
                wrong[place] = if wrong[place] == b'7' { b'8' } else { b'7' };
                assert!(TaxNumber::parse(std::str::from_utf8(&wrong).unwrap()).is_err(), "{code} {place}");
                if place < 17 && code.as_bytes()[place] != code.as_bytes()[place + 1] {
                    let mut swapped = code.as_bytes().to_vec();
                    swapped.swap(place, place + 1);
                    assert!(TaxNumber::parse(std::str::from_utf8(&swapped).unwrap()).is_err(), "{code} {place}");
                }
            }
        }
        assert_eq!(TaxNumber::parse("91110000600037341O"), Err(InvoiceFault::TaxNumberCheck), "there is no O");
    }

    #[test]
    fn c91_a_tax_number_is_read_as_people_type_it() {
        for typed in [" 9111 0000 6000 3734 1l ", "91110000-600037341-L", "９１１１００００６０００３７３４１Ｌ"] {
            assert_eq!(TaxNumber::parse(typed).map(|number| number.0), Ok("91110000600037341L".to_owned()), "{typed}");
        }
        for old in ["310104123456789", "31010412345678X", "31010419800101001", "31010419800101001X00"] {
            assert!(TaxNumber::parse(old).is_ok(), "{old}");
        }
        for wrong in ["", "1234567", "ABCDEF123456789", "9111000060003734", "91110000600037341L1", "税号"] {
            assert_eq!(TaxNumber::parse(wrong), Err(InvoiceFault::TaxNumberForm), "{wrong}");
        }
    }

    #[test]
    fn c91_what_is_missing_is_asked_for_while_the_guest_is_there() {
        let check = InvoiceRequest::check;
        let person = check("person", "", "", "", "138 0013 8000").unwrap();
        assert_eq!((person.kind(), person.title.as_str(), person.tax_number), ("person", "个人", None));
        let company = check("company", " 某某科技有限公司 ", REAL[0], "fapiao@example.com", "").unwrap();
        assert_eq!((company.kind(), company.title.as_str()), ("company", "某某科技有限公司"));
        for (kind, title, number, email, phone, fault) in [
            ("", "", "", "", "", InvoiceFault::Kind),
            ("company", "", REAL[0], "a@b.cn", "", InvoiceFault::Title),
            ("company", "某公司", "", "a@b.cn", "", InvoiceFault::NoTaxNumber),
            ("company", "某公司", "91110000600037341M", "a@b.cn", "", InvoiceFault::TaxNumberCheck),
            ("person", "张先生", REAL[0], "a@b.cn", "", InvoiceFault::PersonWithTaxNumber),
            ("person", "", "", "", "", InvoiceFault::Nowhere),
            ("person", "", "", "", "02164380001", InvoiceFault::Phone),
            ("person", "\u{7}", "", "a@b.cn", "", InvoiceFault::Title),
        ] {
            assert_eq!(check(kind, title, number, email, phone), Err(fault), "{kind} {title} {number} {email} {phone}");
        }
        assert_eq!(check("person", &"名".repeat(101), "", "a@b.cn", ""), Err(InvoiceFault::Title));
        for email in ["a", "a@b", "@b.cn", "a@@b.cn", "a b@c.cn", "a@b..cn", "<a@b.cn>", "a@中.cn", "a@b.cn,c@d.cn"] {
            assert_eq!(check("person", "", "", email, ""), Err(InvoiceFault::Email), "{email}");
        }
    }
}
