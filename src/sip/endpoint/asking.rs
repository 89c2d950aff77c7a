//! How our own questions to trunks and registrars are written: REGISTER and OPTIONS, and the answer to a challenge.

use crate::sip::dialog::via_line;
use crate::sip::digest::Challenge;
use crate::sip::event::{Flow, TrunkRegistration};
use crate::sip::message::writer::{Writer, host_text, own_uri};
use crate::sip::message::{Message, Name, Uri};
use crate::sip::trunk::Asking;

/// The registrar's challenge as it may be answered: what to write, under which name.
pub(super) fn challenge(message: &Message<'_>, status: u16, allow_md5: bool) -> Option<(&'static str, Challenge)> {
    let (asks, answers) =
        if status == 401 { (Name::WwwAuthenticate, "Authorization") } else { (Name::ProxyAuthenticate, "Proxy-Authorization") };
    Some((answers, Challenge::strongest(message.all(asks), allow_md5)?))
}

/// A REGISTER as far as it is the same for every purpose; Expires, credentials and the end are missing.
pub(super) fn register(flow: Flow, branch: &str, registration: &TrunkRegistration, asking: &Asking, expires: u32) -> Writer {
    let mut out = Writer::request("REGISTER", registration.registrar.as_bytes());
    via_line(&mut out, flow, branch);
    out.line("Max-Forwards", "70");
    out.format("From", format_args!("<{}>;tag={}", registration.aor, asking.tag));
    out.format("To", format_args!("<{}>", registration.aor));
    out.format("Contact", format_args!("<{}>", own_uri(&user(registration), flow.local, flow.transport)));
    out.format("Expires", format_args!("{expires}"));
    out
}

/// What every question of ours ends with.
pub(super) fn finish_asking(
    out: &mut Writer,
    name: &str,
    flow: Flow,
    asking: &Asking,
    authorization: Option<(&'static str, String)>,
    product: &str,
) {
    out.format("Call-ID", format_args!("{}@{}", asking.call_id, host_text(flow.local.ip())));
    out.format("CSeq", format_args!("{} {name}", asking.cseq));
    if let Some((name, value)) = authorization {
        out.line(name, &value);
    }
    out.line("User-Agent", product);
}

/// Whom a registration names.
pub(super) fn user(registration: &TrunkRegistration) -> String {
    Uri::parse(registration.aor.as_bytes()).map(|uri| uri.user_text()).unwrap_or_default()
}
