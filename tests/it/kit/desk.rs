//! Desk phones and outside telephones of a story: SIP user agents that register, ring, pick up, hold and hang up.

use std::net::SocketAddr;
use std::time::Duration;

use dinetone::centre::Input;
use dinetone::command::Command;
use dinetone::domain::{PhoneNumber, Seat};
use dinetone::machine::{Ids, Machine};
use dinetone::sip::digest::{Algorithm, Credentials, ha1};
use dinetone::sip::endpoint::Endpoint;
use dinetone::sip::event::{Account, SipCommand, SipInput, TrunkRegistration};
use dinetone::sip::sdp;

use super::agent::Agent;
use super::phone::{KeysBy, Line, Phone};
use super::world::{HOTLINE, World, settings, trunk};

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
