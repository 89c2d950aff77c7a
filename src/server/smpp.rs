//! Delivers messages to customers by SMPP: one bind to the operator's message centre, kept up, with a window, receipts, and
//! the patience that a centre asks for (C87).
//!
//! The outbox is the store's (`store/notices.rs`). A part that the centre has taken is written down before the message counts
//! as sent, so that a restart sends only what was not taken; what was on its way without an answer is sent again.

mod pdu;

use std::collections::{HashMap, VecDeque};
use std::io;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadHalf, WriteHalf};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::{Instant, timeout};
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;

use self::pdu::{Address, Bind, Part, Pdu, Receipt};
use super::clock;
use super::notices::{MOST_TRIES, next_try, tell};
use crate::config::Smpp;
use crate::domain::Timestamp;
use crate::store::{CustomerMessage, Store, StoreError};

/// To connect, to greet, and for the answer to a bind.
const PATIENCE: Duration = Duration::from_secs(10);
/// An answer to a part comes within this, or the connection is taken for dead.
const ANSWER_WITHIN: Duration = Duration::from_secs(30);
/// The outbox is looked into so often, besides at once when something was written.
const LOOK: Duration = Duration::from_secs(1);
/// Pauses between two tries to connect, and after a centre has asked for one.
const SHORTEST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// Less than a claim in the outbox lasts: what is held is still ours.
const LONGEST_HOLD: Duration = Duration::from_secs(20);
/// Claims of what is under way begin anew so often.
const HOLD_EACH: Duration = Duration::from_secs(20);
/// A receipt may come before the answer that names its message; it is asked for again within this.
const EARLY: Duration = Duration::from_secs(10);

/// Until `stop` is true. Connects, and again when the connection is lost.
pub async fn run(store: Store, settings: Smpp, connector: Option<TlsConnector>, mut stop: watch::Receiver<bool>) {
    let (mut pause, mut warned) = (SHORTEST_PAUSE, false);
    while !*stop.borrow() {
        metrics::gauge!("dinetone_smpp_bound").set(0.0);
        let begun = Instant::now();
        let Err(error) = keep(&store, &settings, connector.as_ref(), &mut stop).await else { break };
        if begun.elapsed() > LONGEST_PAUSE {
            (pause, warned) = (SHORTEST_PAUSE, false);
        }
        if !std::mem::replace(&mut warned, true) {
            tracing::warn!("text messages: {} at {}: {error}; they wait, and it is tried again", settings.system_id, settings.address);
        }
        let _ = timeout(pause, stop.changed()).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
    metrics::gauge!("dinetone_smpp_bound").set(0.0);
}

/// One connection, to its end.
async fn keep(store: &Store, settings: &Smpp, connector: Option<&TlsConnector>, stop: &mut watch::Receiver<bool>) -> io::Result<()> {
    let stream = timeout(PATIENCE, TcpStream::connect(&settings.address)).await??;
    stream.set_nodelay(true)?;
    match connector {
        None => Link::new(store, settings, stream).work(stop).await,
        Some(connector) => {
            let host = settings.address.rsplit_once(':').map_or(settings.address.as_str(), |(host, _)| host);
            let name = ServerName::try_from(host.trim_matches(['[', ']']).to_owned()).map_err(io::Error::other)?;
            let stream = timeout(PATIENCE, connector.connect(name, stream)).await??;
            Link::new(store, settings, stream).work(stop).await
        }
    }
}

/// A message on its way, and what came of its parts so far.
struct Underway {
    message: CustomerMessage,
    parts: u32,
    /// Parts that are to be handed over, or have no answer yet.
    left: usize,
    /// When it was claimed, or the claim begun anew.
    since: Instant,
}

/// A part that has no answer yet.
struct Open {
    message: String,
    part: u32,
    parts: u32,
    at: Instant,
}

struct Link<'a, S> {
    store: &'a Store,
    settings: &'a Smpp,
    reader: ReadHalf<S>,
    writer: WriteHalf<S>,
    read: Vec<u8>,
    sequence: u32,
    underway: HashMap<String, Underway>,
    waiting: VecDeque<(String, u32, Part)>,
    open: HashMap<u32, Open>,
    /// Receipts whose message is not known yet, with what is to be answered.
    early: Vec<(Pdu, Receipt, Instant)>,
    /// Nothing is handed over before this: the centre asked for it.
    held: Instant,
    hold: Duration,
    heard: Instant,
    asked: Instant,
}

impl<'a, S: AsyncRead + AsyncWrite> Link<'a, S> {
    fn new(store: &'a Store, settings: &'a Smpp, stream: S) -> Self {
        let (reader, writer) = tokio::io::split(stream);
        let now = Instant::now();
        Self {
            store,
            settings,
            reader,
            writer,
            read: Vec::new(),
            sequence: 0,
            underway: HashMap::new(),
            waiting: VecDeque::new(),
            open: HashMap::new(),
            early: Vec::new(),
            held: now,
            hold: SHORTEST_PAUSE,
            heard: now,
            asked: now,
        }
    }

    /// Binds and sends until the connection ends; what was not handed over goes back to the outbox.
    async fn work(mut self, stop: &mut watch::Receiver<bool>) -> io::Result<()> {
        timeout(PATIENCE, self.bind()).await??;
        metrics::gauge!("dinetone_smpp_bound").set(1.0);
        tracing::info!("text messages: bound to {} as {}", self.settings.address, self.settings.system_id);
        let end = self.serve(stop).await;
        // Without an answer nobody knows: those are claimed again when their time is over. The others may go at once.
        for one in self.idle() {
            let _ = self.store.notice_back(&one, now()).await;
        }
        end
    }

    /// Messages of which nothing is without an answer; they are ours no more.
    fn idle(&mut self) -> Vec<CustomerMessage> {
        let open: Vec<&str> = self.open.values().map(|open| open.message.as_str()).collect();
        self.underway.extract_if(|id, _| !open.contains(&id.as_str())).map(|(_, one)| one.message).collect()
    }

    async fn bind(&mut self) -> io::Result<()> {
        let Smpp { system_id, password, system_type, .. } = self.settings;
        let body = Bind { system_id, password: password.reveal(), system_type }.body();
        let sequence = self.send(pdu::BIND_TRANSCEIVER, body).await?;
        loop {
            let got = self.next().await?;
            if got.sequence == sequence && got.command & pdu::ANSWER != 0 {
                return if got.status == pdu::OK {
                    Ok(())
                } else {
                    Err(io::Error::other(format!("it refuses us: {}", meaning(got.status))))
                };
            }
        }
    }

    async fn serve(&mut self, stop: &mut watch::Receiver<bool>) -> io::Result<()> {
        let store = self.store;
        let mut written = store.news();
        let mut look = tokio::time::interval(LOOK);
        loop {
            if *stop.borrow() {
                return self.leave().await;
            }
            match self.fill().await {
                Ok(()) => {}
                Err(Trouble::Link(error)) => return Err(error),
                Err(Trouble::Store(error)) => tracing::debug!("messages wait for the store: {error}"),
            }
            tokio::select! {
                got = self.next() => {
                    let got = got?;
                    self.take(got).await?;
                }
                _ = written.changed() => {}
                _ = look.tick() => self.tick().await?,
                _ = stop.changed() => {}
            }
        }
    }

    /// Hands over as much as the window takes.
    async fn fill(&mut self) -> Result<(), Trouble> {
        while self.open.len() < self.settings.window && self.held <= Instant::now() {
            let Some((message, part, octets)) = self.waiting.pop_front() else {
                let Some(message) = self.store.claim_notice("smpp", now()).await? else { return Ok(()) };
                self.queue(message).await?;
                continue;
            };
            // One part was refused: the rest would be a riddle.
            let Some(one) = self.underway.get(&message) else { continue };
            let from = Address::sender(&self.settings.source);
            let to = Address::receiver(one.message.phone.reveal(), &self.settings.country);
            let body = pdu::submit(&from, &to, &octets, reference(&message));
            let parts = one.parts;
            let sequence = self.send(pdu::SUBMIT_SM, body).await?;
            self.open.insert(sequence, Open { message, part, parts, at: Instant::now() });
        }
        Ok(())
    }

    /// Cuts a claimed message into the parts that the centre does not have yet.
    async fn queue(&mut self, message: CustomerMessage) -> Result<(), Trouble> {
        let taken = self.store.notice_parts(&message.id).await?;
        let number = u8::try_from(reference(&message.id) & 0xff).unwrap_or(0);
        let cut = pdu::parts(&message.text, number);
        let all = u32::try_from(cut.len()).unwrap_or(u32::MAX);
        let parts: Vec<_> = (0..).zip(cut).filter(|(place, _)| !taken.contains(place)).collect();
        let id = message.id.clone();
        self.underway.insert(id.clone(), Underway { message, parts: all, left: parts.len(), since: Instant::now() });
        if parts.is_empty() {
            self.finish(&id, Ok(())).await?;
        }
        self.waiting.extend(parts.into_iter().map(|(place, part)| (id.clone(), place, part)));
        Ok(())
    }

    async fn take(&mut self, got: Pdu) -> io::Result<()> {
        match got.command {
            pdu::ENQUIRE_LINK => self.answer(&got, pdu::OK).await,
            pdu::UNBIND => {
                self.answer(&got, pdu::OK).await?;
                Err(io::Error::other("it said goodbye"))
            }
            pdu::DELIVER_SM => match pdu::receipt(&got.body) {
                Some(receipt) => self.receipt(got, receipt, Instant::now()).await,
                None => self.reply(got).await,
            },
            command if command & pdu::ANSWER == 0 => {
                let refused = Pdu { command: pdu::GENERIC_NACK, status: pdu::UNKNOWN_COMMAND, sequence: got.sequence, body: Vec::new() };
                self.writer.write_all(&refused.bytes()).await
            }
            // Answers to submit_sm, by their own name or as a generic_nack; others say nothing that is waited for.
            _ => match self.open.remove(&got.sequence) {
                Some(open) => self.answered(&got, open).await,
                None => Ok(()),
            },
        }
    }

    /// The centre has taken a part, or not. Receipts that overtook the answer are looked at when it is written down.
    async fn answered(&mut self, got: &Pdu, open: Open) -> io::Result<()> {
        if got.status == pdu::OK {
            self.hold = SHORTEST_PAUSE;
            heed(self.store.notice_part_taken(&open.message, (open.part, open.parts), &got.first_text(), now()).await);
            let over = self.underway.get_mut(&open.message).is_some_and(|one| {
                one.left -= 1;
                one.left == 0
            });
            if over {
                heed(self.finish(&open.message, Ok(())).await);
            }
        } else {
            heed(self.finish(&open.message, Err(got.status)).await);
        }
        self.early().await
    }

    /// Receipts whose message was not known when they came.
    async fn early(&mut self) -> io::Result<()> {
        let early: Vec<_> = self.early.drain(..).collect();
        for (asked, receipt, since) in early {
            self.receipt(asked, receipt, since).await?;
        }
        Ok(())
    }

    /// Writes down how a message went.
    async fn finish(&mut self, id: &str, outcome: Result<(), u32>) -> Result<(), StoreError> {
        let Some(Underway { message, .. }) = self.underway.remove(id) else { return Ok(()) };
        let status = match outcome {
            Ok(()) => {
                tell(&message, Ok(()));
                return self.store.notice_done(&message, true, "", None, now()).await;
            }
            Err(status) => status,
        };
        if matches!(status, pdu::THROTTLED | pdu::QUEUE_FULL) {
            // Not the message's fault: it goes back without having been tried, and all wait.
            metrics::counter!("dinetone_smpp_throttled_total").increment(1);
            let until = Instant::now() + self.hold;
            if until > self.held {
                tracing::warn!("text messages: {} asks for a pause of {} s", self.settings.address, self.hold.as_secs());
                self.held = until;
                self.hold = (self.hold * 2).min(LONGEST_HOLD);
            }
            // Those that were not begun wait where every node finds them.
            for other in self.idle() {
                self.store.notice_back(&other, now()).await?;
            }
            return self.store.notice_back(&message, now()).await;
        }
        let again = matches!(status, pdu::SYSTEM_ERROR | pdu::SUBMIT_FAILED) && message.tries < MOST_TRIES;
        let why = meaning(status);
        tell(&message, Err(&why));
        self.store.notice_done(&message, false, &why, again.then(|| next_try(message.tries, now())), now()).await
    }

    /// A receipt is written down before it is answered, so that the centre says it again when we could not.
    async fn receipt(&mut self, asked: Pdu, receipt: Receipt, since: Instant) -> io::Result<()> {
        let Some(delivered) = receipt.delivered else { return self.answer(&asked, pdu::OK).await };
        match self.store.notice_receipt(&same_id(&receipt.id), delivered, &receipt.state, now()).await {
            Ok(true) => {
                let result = if delivered { "delivered" } else { "failed" };
                metrics::counter!("dinetone_smpp_receipts_total", "result" => result).increment(1);
                self.answer(&asked, pdu::OK).await
            }
            Ok(false) if since.elapsed() < EARLY => {
                self.early.push((asked, receipt, since));
                Ok(())
            }
            Ok(false) => {
                metrics::counter!("dinetone_smpp_receipts_total", "result" => "unknown").increment(1);
                tracing::debug!("text messages: a receipt for {:?}, which we did not send", receipt.id);
                self.answer(&asked, pdu::OK).await
            }
            Err(error) => {
                tracing::debug!("a receipt waits for the store: {error}");
                self.answer(&asked, pdu::SYSTEM_ERROR).await
            }
        }
    }

    /// A customer's own words: whoever writes TD is left alone from now on; nobody reads anything else here. What could not be written
    /// down is said again by the centre.
    async fn reply(&mut self, got: Pdu) -> io::Result<()> {
        let said = pdu::words(&got.body).filter(|(_, text)| crate::outreach::is_refusal(text));
        let Some((from, text)) = said else {
            metrics::counter!("dinetone_smpp_receipts_total", "result" => "none").increment(1);
            return self.answer(&got, pdu::OK).await;
        };
        let from = from.strip_prefix(self.settings.country.as_str()).filter(|rest| rest.len() >= 11).unwrap_or(&from).to_owned();
        let Some(number) = crate::domain::PhoneNumber::parse(&from) else { return self.answer(&got, pdu::OK).await };
        match self.store.refuse_contact(&number, "reply", text.trim(), now()).await {
            Ok(()) => {
                metrics::counter!("dinetone_campaign_refusals_total", "how" => "reply").increment(1);
                tracing::info!("text messages: {number} wants to hear nothing of campaigns any more");
                self.answer(&got, pdu::OK).await
            }
            Err(error) => {
                tracing::debug!("a refusal waits for the store: {error}");
                self.answer(&got, pdu::SYSTEM_ERROR).await
            }
        }
    }

    /// Once a second: is the centre alive, and has everything been answered?
    async fn tick(&mut self) -> io::Result<()> {
        self.early().await?;
        if self.open.values().any(|open| open.at.elapsed() > ANSWER_WITHIN) || self.heard.elapsed() > self.settings.enquire + ANSWER_WITHIN
        {
            return Err(io::Error::other("it does not answer"));
        }
        // A message of many parts may take longer than a claim lasts.
        for one in self.underway.values_mut().filter(|one| one.since.elapsed() > HOLD_EACH) {
            one.since = Instant::now();
            heed(self.store.notice_held(&one.message, now()).await);
        }
        if self.heard.elapsed() > self.settings.enquire && self.asked.elapsed() > self.settings.enquire {
            self.asked = Instant::now();
            self.send(pdu::ENQUIRE_LINK, Vec::new()).await?;
        }
        Ok(())
    }

    /// Takes the answers that are still to come, and says goodbye.
    async fn leave(&mut self) -> io::Result<()> {
        let rest = async {
            while !self.open.is_empty() {
                let got = self.next().await?;
                self.take(got).await?;
            }
            let sequence = self.send(pdu::UNBIND, Vec::new()).await?;
            while self.next().await?.sequence != sequence {}
            Ok(())
        };
        timeout(Duration::from_secs(3), rest).await?
    }

    async fn send(&mut self, command: u32, body: Vec<u8>) -> io::Result<u32> {
        self.sequence = self.sequence % 0x7fff_ffff + 1;
        timeout(PATIENCE, self.writer.write_all(&Pdu::request(command, self.sequence, body).bytes())).await??;
        Ok(self.sequence)
    }

    async fn answer(&mut self, to: &Pdu, status: u32) -> io::Result<()> {
        timeout(PATIENCE, self.writer.write_all(&to.answer(status).bytes())).await?
    }

    /// The next PDU; may be dropped at any point without losing one.
    async fn next(&mut self) -> io::Result<Pdu> {
        loop {
            if let Some(pdu) = Pdu::take(&mut self.read).map_err(io::Error::other)? {
                self.heard = Instant::now();
                return Ok(pdu);
            }
            let mut some = [0; 4096];
            match self.reader.read(&mut some).await? {
                0 => return Err(io::Error::other("it hung up")),
                length => self.read.extend(&some[..length]),
            }
        }
    }
}

/// What could not be written down is claimed and sent again: better twice than never.
fn heed(result: Result<(), StoreError>) {
    if let Err(error) = result {
        tracing::warn!("what became of a text message could not be written down: {error}");
    }
}

enum Trouble {
    Link(io::Error),
    Store(StoreError),
}

impl From<io::Error> for Trouble {
    fn from(error: io::Error) -> Self {
        Self::Link(error)
    }
}

impl From<StoreError> for Trouble {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

fn now() -> Timestamp {
    Timestamp::from(clock::now().wall)
}

/// A message's own number, the same at each try: its parts are joined by it, and a centre may know it again by it.
fn reference(id: &str) -> u16 {
    id.bytes().fold(7, |sum: u16, byte| sum.wrapping_mul(31).wrapping_add(u16::from(byte)))
}

/// Ids that mean the same: some centres give a message's id in one base and report it in the other, or with zeros before it.
fn same_id(id: &str) -> Vec<String> {
    let mut all = vec![id.to_owned()];
    if let Ok(number) = id.parse::<u64>() {
        all.extend([number.to_string(), format!("{number:x}"), format!("{number:X}"), format!("{number:08x}"), format!("{number:08X}")]);
    }
    if let Ok(number) = u64::from_str_radix(id, 16) {
        all.extend([number.to_string(), format!("{number:010}")]);
    }
    let mut seen = std::collections::HashSet::new();
    all.retain(|one| seen.insert(one.clone()));
    all
}

/// A status in words, for the log and the message's own record.
fn meaning(status: u32) -> String {
    let words = match status {
        0x01 => "too long",
        0x05 => "bound already",
        pdu::SYSTEM_ERROR => "its system fails",
        0x0a => "the sender is not allowed",
        0x0b => "no such number",
        0x0d => "bind failed",
        0x0e => "wrong password",
        0x0f => "wrong system_id",
        pdu::QUEUE_FULL => "its queue is full",
        pdu::SUBMIT_FAILED => "not taken",
        pdu::THROTTLED => "too fast",
        _ => return format!("status 0x{status:02x}"),
    };
    format!("{words} (0x{status:02x})")
}

#[cfg(test)]
#[path = "smpp/link_tests.rs"]
mod tests;
