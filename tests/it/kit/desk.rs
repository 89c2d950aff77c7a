//! Desk phones and outside telephones of a story: SIP user agents that register, ring, pick up, hold and hang up.

use std::net::SocketAddr;
use std::time::Duration;

use dinetone::centre::Input;
use dinetone::command::Command;
use dinetone::domain::{PhoneNumber, Seat};
use dinetone::machine::{Ids, Machine};
use dinetone::sip::digest::{Algorithm, Credentials, ha1};
use dinetone::sip::endpoint::Endpoint;
use dinetone::sip::event::{Account, Flow, PlaceCall, SipCommand, SipInput, Transport, TrunkRegistration};
use dinetone::sip::sdp;

use super::agent::Agent;
use super::phone::{KeysBy, Line, Phone};
use super::world::{HOTLINE, OTHER_NODE, World, settings, trunk};

/// One telephone that the hotline rings.
pub struct Desk {
    pub world: World,
    pub place: usize,
}

impl World {
    /// A desk phone that registers under this account.
    pub fn desk_phone(&self, account: &str) -> Desk {
        let place = {
            let mut inner = self.inner();
            let now = inner.now;
            inner.accounts.push(Account {
                user: account.to_owned(),
                ha1_md5: ha1(Algorithm::Md5, account, "dinetone", "secret"),
                ha1_sha256: ha1(Algorithm::Sha256, account, "dinetone", "secret"),
            });
            let accounts = inner.accounts.clone();
            inner.centre.handle(now, Input::Sip(SipInput::Command(SipCommand::Accounts(accounts))));
            inner.drain();
            let registration = TrunkRegistration {
                aor: format!("sip:{account}@dinetone"),
                registrar: "sip:dinetone".into(),
                credentials: Credentials { user: account.to_owned(), password: "secret".into() },
                expires: Duration::from_secs(3600),
                allow_md5: false,
            };
            inner.put_phone(|place| format!("10.0.0.4:{}", 5070 + place), Some(registration))
        };
        self.time_passes(Duration::from_secs(2));
        Desk { world: self.clone(), place }
    }

    /// The telephone behind the trunk, whatever number is dialled.
    pub fn outside_phone(&self) -> Desk {
        let place = self.inner().put_phone(|_| "10.0.0.2:5060".to_owned(), None);
        Desk { world: self.clone(), place }
    }

    /// The other node, where it is called: it rings like a telephone.
    pub fn other_node(&self) -> Desk {
        let place = self.inner().put_phone(|_| OTHER_NODE.to_owned(), None);
        Desk { world: self.clone(), place }
    }
}

impl super::world::Inner {
    fn put_phone(&mut self, address: impl Fn(usize) -> String, registration: Option<TrunkRegistration>) -> usize {
        // Places of diners are the numbers of their calls; those who are called stand apart.
        let place = 100 + self.phones.values().filter(|phone| !phone.calls).count();
        let address: SocketAddr = address(place).parse().unwrap();
        let sound: SocketAddr = format!("{}:{}", address.ip(), 40_000 + 2 * place).parse().unwrap();
        let mut ids = Ids::seeded(5000 + place as u128);
        let registers = registration.is_some();
        let mut hotline = dinetone::sip::event::TrunkSettings { addresses: vec!["10.0.0.1".parse().unwrap()], local: address, ..trunk() };
        hotline.registration = registration;
        if registers {
            hotline.targets = vec![HOTLINE.parse().unwrap()];
        }
        let mut sip = Endpoint::new(settings(hotline), ids.clone(), self.now);
        let dialog = sip.new_dialog_id();
        let mut phone = Phone::new(sip, dialog, address, sound, KeysBy::Event, &mut ids);
        phone.line = Line::Idle;
        phone.calls = false;
        phone.tone = 1500.0 + 110.0 * (place - 100) as f64;
        phone.speaks = true;
        self.phones.insert(place, phone);
        self.drain_phone(place);
        place
    }
}

impl Desk {
    /// Its plug is pulled: nothing comes from it any more, and it answers nothing.
    pub fn vanishes(&self) {
        let mut inner = self.world.inner();
        if let Some(phone) = inner.phones.get_mut(&self.place) {
            phone.silent = true;
            phone.address = "10.0.0.3:1".parse().unwrap();
        }
    }

    pub fn tone(&self) -> f64 {
        self.world.inner().phones[&self.place].tone
    }

    pub fn line(&self) -> Line {
        self.world.inner().phones[&self.place].line.clone()
    }

    pub fn is_ringing(&self) -> bool {
        self.line() == Line::Ringing
    }

    /// Waits until it rings.
    #[track_caller]
    pub fn rings(&self) {
        let place = self.place;
        let rang = self.world.inner().run(Duration::from_secs(30), |inner| inner.phones[&place].line == Line::Ringing);
        assert!(rang, "the phone does not ring\n{}", self.world.ladder());
    }

    pub fn picks_up(&self) {
        {
            let mut inner = self.world.inner();
            let now = inner.now;
            let phone = inner.phones.get_mut(&self.place).unwrap();
            let (dialog, sound) = (phone.dialog, phone.sound);
            let offer = phone.offered.take().expect("it rings, with an offer");
            let local = sdp::Local { address: sound.ip(), port: sound.port(), session_id: 7, version: 1, codecs: &sdp::Codec::PREFERENCE };
            let (answer, agreed) = sdp::answer(&offer, &local).unwrap();
            phone.sip.handle(now, SipInput::Command(SipCommand::Answer { dialog, sdp: answer }));
            phone.line = Line::Up;
            phone.connected(now, agreed.remote, agreed.event_type);
            inner.note(format!("phone {} picks up", self.place));
            inner.drain_phone(self.place);
        }
        self.world.time_passes(Duration::from_millis(300));
    }

    pub fn rejects(&self) {
        self.says(|dialog| SipCommand::Reject { dialog, status: 486, retry_after: None });
    }

    /// It cannot take the call, by a fault of its own.
    pub fn fails(&self, status: u16) {
        self.says(|dialog| SipCommand::Reject { dialog, status, retry_after: None });
    }

    pub fn hangs_up(&self) {
        self.says(|dialog| SipCommand::HangUp { dialog, reason: None });
    }

    fn says(&self, command: impl Fn(dinetone::sip::event::DialogId) -> SipCommand) {
        {
            let mut inner = self.world.inner();
            let now = inner.now;
            let phone = inner.phones.get_mut(&self.place).unwrap();
            let dialog = phone.dialog;
            phone.sip.handle(now, SipInput::Command(command(dialog)));
            inner.drain_phone(self.place);
        }
        self.world.time_passes(Duration::from_millis(500));
    }

    /// Dials a second number in a call, by the telephone's own keypad.
    pub fn dials(&self, account: &str, number: &str) {
        {
            let mut inner = self.world.inner();
            let now = inner.now;
            let phone = inner.phones.get_mut(&self.place).unwrap();
            let (sound, address) = (phone.sound, phone.address);
            let local = sdp::Local { address: sound.ip(), port: sound.port(), session_id: 8, version: 1, codecs: &sdp::Codec::PREFERENCE };
            let call = PlaceCall {
                dialog: phone.sip.new_dialog_id(),
                flow: Flow { transport: Transport::Udp, socket: 0, local: address, peer: HOTLINE.parse().unwrap(), connection: 0 },
                to: format!("sip:{number}@10.0.0.1"),
                from_user: account.to_owned(),
                headers: Vec::new(),
                sdp: Some(sdp::offer(&local)),
                credentials: Some(Credentials { user: account.to_owned(), password: "secret".into() }),
            };
            phone.sip.handle(now, SipInput::Command(SipCommand::Place(Box::new(call))));
            inner.drain_phone(self.place);
        }
        self.world.time_passes(Duration::from_millis(500));
    }

    /// The transfer key: the caller of the answered call goes to this number.
    pub fn transfers_to(&self, number: &str) {
        self.refers(&format!("<sip:{number}@10.0.0.1>"));
    }

    /// The transfer key, pressed in a second call: the caller goes to whom that call is with.
    pub fn joins_its_calls(&self) {
        let replaces = {
            let inner = self.world.inner();
            let phone = &inner.phones[&self.place];
            // Not the one that was challenged.
            let own = phone.said.iter().rfind(|text| text.starts_with("INVITE")).expect("it dialled");
            let answer = phone.told.iter().rfind(|text| text.starts_with("SIP/2.0 200") && text.contains(header(own, "Call-ID"))).unwrap();
            format!(
                "<sip:x@10.0.0.1?Replaces={}%3Bto-tag%3D{}%3Bfrom-tag%3D{}>",
                header(own, "Call-ID").replace('@', "%40"),
                tag(header(answer, "To")),
                tag(header(own, "From"))
            )
        };
        self.refers(&replaces);
    }

    fn refers(&self, to: &str) {
        let refer = {
            let inner = self.world.inner();
            let phone = &inner.phones[&self.place];
            let invite = phone.told.iter().rfind(|text| text.starts_with("INVITE")).expect("it was rung");
            let call = header(invite, "Call-ID");
            let answer = phone.said.iter().rfind(|text| text.starts_with("SIP/2.0 200") && text.contains(call)).expect("it answered");
            format!(
                "REFER sip:dinetone@10.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP {};branch=z9hG4bKrefer{}\r\nMax-Forwards: 70\r\nFrom: {}\r\nTo: {}\r\n\
                 Call-ID: {call}\r\nCSeq: 1 REFER\r\nContact: <sip:x@{}>\r\nRefer-To: {to}\r\nContent-Length: 0\r\n\r\n",
                phone.address,
                phone.told.len(),
                header(answer, "To"),
                header(invite, "From"),
                phone.address,
            )
        };
        self.world.phone_sends(self.place, &refer);
        self.world.time_passes(Duration::from_millis(500));
    }

    /// What it was told of its transfer.
    pub fn transfer_went(&self) -> Option<String> {
        let inner = self.world.inner();
        let told = inner.phones[&self.place].told.iter().rfind(|text| text.starts_with("NOTIFY"));
        told.and_then(|text| text.lines().last()).map(str::to_owned)
    }

    /// The last of these requests that it was sent.
    pub fn was_told(&self, method: &str) -> Option<String> {
        self.world.inner().phones[&self.place].told.iter().rfind(|text| text.starts_with(method)).cloned()
    }

    pub fn presses(&self, key: char) {
        self.world.inner().phones.get_mut(&self.place).unwrap().press(key);
        self.world.time_passes(Duration::from_millis(600));
    }

    pub fn hears_tone(&self, tone: f64) -> bool {
        self.world.inner().phones.get_mut(&self.place).unwrap().ear.forget();
        self.world.time_passes(Duration::from_millis(500));
        self.world.inner().phones[&self.place].ear.share(tone) > 0.2
    }
}

fn header<'a>(message: &'a str, name: &str) -> &'a str {
    message.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": ")).unwrap_or_else(|| panic!("no {name}: {message}"))
}

fn tag(party: &str) -> &str {
    party.split_once("tag=").map_or("", |(_, tag)| tag)
}

impl Agent {
    /// Opens the console and takes calls on a desk phone.
    #[track_caller]
    pub fn logs_in_at(&self, account: &str) {
        self.opens_page();
        self.wish(Command::StartShift { seat: Seat::Phone { account: account.to_owned() } }).unwrap();
    }

    /// Opens the console and takes calls on any telephone.
    #[track_caller]
    pub fn logs_in_outside(&self, number: &str) {
        self.opens_page();
        self.wish(Command::StartShift { seat: Seat::Outside { number: PhoneNumber::parse(number).unwrap() } }).unwrap();
    }
}
