//! Text messages by SMPP (C87): a message centre built on the rusmpp crate takes what our own writer sends, and answers as
//! centres do: too fast, hung up, and receipts.

use std::collections::VecDeque;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::BytesMut;
use dinetone::config::{Config, Smpp, Way};
use dinetone::domain::{NoticeTexts, OrderId, Timestamp};
use dinetone::server::smpp::run;
use dinetone::store::{CustomerMessage, Store};
use rusmpp::decode::DecodeWithLength;
use rusmpp::encode::Length;
use rusmpp::encode::owned::Encode;
use rusmpp::pdus::{BindTransceiverResp, DeliverSm, SubmitSm, SubmitSmResp};
use rusmpp::types::{COctetString, OctetString};
use rusmpp::values::{DataCoding, EsmClass, GsmFeatures, Ton};
use rusmpp::{Command, CommandStatus, Pdu};
use rustls::pki_types::pem::PemObject;
use tokio::sync::watch;

use super::kit::{Database, place, request, saturday};

/// What the centre does with the next message that it is handed.
pub enum Next {
    /// Takes it, and reports so.
    Take(&'static str),
    Refuse(CommandStatus),
    /// Takes it and says nothing.
    HangUp,
}

#[derive(Default)]
struct Seen {
    /// System id and password of each bind.
    binds: Vec<(String, String)>,
    submits: Vec<SubmitSm>,
    /// Connections that ended with a goodbye.
    goodbyes: usize,
    next: VecDeque<Next>,
}

/// A message centre; what is not planned is taken and delivered.
pub struct Centre {
    pub address: String,
    seen: Arc<Mutex<Seen>>,
}

impl Centre {
    pub fn start(plan: Vec<Next>) -> Self {
        Self::listen(plan, Some)
    }

    /// The same by TLS, with a certificate of its own for `localhost`; and that certificate.
    pub fn start_tls(plan: Vec<Next>) -> (Self, String) {
        let made = rcgen::generate_simple_self_signed(vec!["localhost".into()]).unwrap();
        let key = rustls::pki_types::PrivateKeyDer::from_pem_slice(made.signing_key.serialize_pem().as_bytes()).unwrap();
        let config = rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key)
            .unwrap();
        let config = Arc::new(config);
        let tls = move |stream| Some(rustls::StreamOwned::new(rustls::ServerConnection::new(Arc::clone(&config)).ok()?, stream));
        (Self::listen(plan, tls), made.cert.pem())
    }

    fn listen<S: Read + Write>(plan: Vec<Next>, speak: impl Fn(TcpStream) -> Option<S> + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let seen = Arc::new(Mutex::new(Seen { next: plan.into(), ..Seen::default() }));
        let kept = Arc::clone(&seen);
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                if let Some(stream) = speak(stream) {
                    serve(stream, &kept);
                }
            }
        });
        Self { address, seen }
    }

    /// How many connections ended with a goodbye.
    pub fn goodbyes(&self) -> usize {
        self.seen.lock().unwrap().goodbyes
    }

    /// The texts that were handed over.
    pub fn texts(&self) -> Vec<String> {
        self.seen.lock().unwrap().submits.iter().map(text).collect()
    }
}

fn text(submit: &SubmitSm) -> String {
    let octets = submit.short_message().as_ref();
    let joined = submit.esm_class.gsm_features == GsmFeatures::UdhiIndicator;
    let octets = if joined { &octets[6..] } else { octets };
    assert_eq!(submit.data_coding, DataCoding::Ucs2);
    String::from_utf16(&octets.chunks(2).map(|two| u16::from_be_bytes([two[0], two[1]])).collect::<Vec<_>>()).unwrap()
}

fn send(stream: &mut impl Write, status: CommandStatus, sequence: u32, pdu: impl Into<Pdu>) {
    let command = Command::new(status, sequence, pdu);
    let mut bytes = BytesMut::new();
    bytes.extend(u32::try_from(command.length() + 4).unwrap().to_be_bytes());
    command.encode(&mut bytes);
    let _ = stream.write_all(&bytes).and_then(|()| stream.flush());
}

/// One connection, to its end.
fn serve(mut stream: impl Read + Write, seen: &Mutex<Seen>) {
    let mut own = 1000;
    loop {
        let mut length = [0; 4];
        if stream.read_exact(&mut length).is_err() {
            return;
        }
        let mut body = vec![0; u32::from_be_bytes(length) as usize - 4];
        if stream.read_exact(&mut body).is_err() {
            return;
        }
        let length = body.len();
        let (command, _) = Command::decode(&mut BytesMut::from(body.as_slice()), length).expect("our writer writes SMPP");
        let sequence = command.sequence_number();
        match command.pdu() {
            Some(Pdu::BindTransceiver(bind)) => {
                seen.lock().unwrap().binds.push((bind.system_id.as_str().to_owned(), bind.password.as_str().to_owned()));
                let answer = BindTransceiverResp::builder().system_id("smsc".parse::<COctetString<1, 16>>().unwrap()).build();
                send(&mut stream, CommandStatus::EsmeRok, sequence, answer);
            }
            Some(Pdu::SubmitSm(submit)) => {
                let next = {
                    let mut seen = seen.lock().unwrap();
                    seen.submits.push(submit.clone());
                    seen.next.pop_front().unwrap_or(Next::Take("DELIVRD"))
                };
                match next {
                    Next::HangUp => return,
                    Next::Refuse(status) => send(&mut stream, status, sequence, SubmitSmResp::default()),
                    Next::Take(state) => {
                        let id = format!("{:p}-{}", std::ptr::from_ref(seen), seen.lock().unwrap().submits.len());
                        // The receipt overtakes the answer, as it does where two machines share the work.
                        own += 1;
                        let words =
                            format!("id:{id} sub:001 dlvrd:001 submit date:2611221500 done date:2611221501 stat:{state} err:000 text:");
                        let receipt = DeliverSm::builder()
                            .esm_class(EsmClass::from(4))
                            .short_message(OctetString::from_slice(words.as_bytes()).unwrap())
                            .build();
                        send(&mut stream, CommandStatus::EsmeRok, own, receipt);
                        let answer = SubmitSmResp::builder().message_id(id.parse::<COctetString<1, 65>>().unwrap()).build();
                        send(&mut stream, CommandStatus::EsmeRok, sequence, answer);
                    }
                }
            }
            Some(Pdu::Unbind) => {
                seen.lock().unwrap().goodbyes += 1;
                send(&mut stream, CommandStatus::EsmeRok, sequence, Pdu::UnbindResp);
            }
            Some(Pdu::EnquireLink) => send(&mut stream, CommandStatus::EsmeRok, sequence, Pdu::EnquireLinkResp),
            _ => {}
        }
    }
}

fn settings(address: &str) -> Smpp {
    let text = format!(
        "[store]\nurl = \"sqlite::memory:\"\n[smpp]\naddress = \"{address}\"\nsystem_id = \"dinetone\"\npassword = \"s3cret\"\nsource = \"10690001\"\ncountry = \"86\"\nenquire = \"1s\"\n"
    );
    let Some(Way::Smpp(smpp)) = Config::read(&text, []).unwrap().messages.map(|messages| messages.way) else { panic!("smpp") };
    smpp
}

fn now() -> Timestamp {
    Timestamp::from(dinetone::server::clock::now().wall)
}

/// An order, and a message about it: 84 characters, which are two parts.
async fn told(store: &Store, catalogue: &dinetone::domain::Catalogue, key: &str, words: &str) -> OrderId {
    let mut wanted = request(key, "13800138000");
    wanted.again = true;
    let (order, _) = super::kit::confirmed(place(store, catalogue, &wanted, saturday()).await);
    let texts = NoticeTexts { zh: words.into(), en: String::new() };
    assert!(store.make_notice(&order, "accepted", &texts, now()).await.unwrap());
    order
}

/// Waits until the message about this order is as wanted.
async fn until(store: &Store, order: &OrderId, wanted: impl Fn(&CustomerMessage) -> bool) -> CustomerMessage {
    let mut last = None;
    for _ in 0..600 {
        let message = store.notices(Some(order), 1).await.unwrap().remove(0);
        if wanted(&message) {
            return message;
        }
        last = Some(message);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("it stayed {last:?}");
}

pub async fn c87_text_messages_go_by_smpp_in_parts_and_their_receipts_come_back(database: Database) {
    let (store, catalogue) = database.shop().await;
    let long = "您的订单已接单。".repeat(10);
    let plan = vec![Next::Refuse(CommandStatus::EsmeRthrottled), Next::Take("DELIVRD"), Next::Take("DELIVRD"), Next::Take("UNDELIV")];
    let centre = Centre::start(plan);
    let first = told(&store, &catalogue, "k1", &long).await;
    let (stop, stopped) = watch::channel(false);
    let mut smpp = settings(&centre.address);
    smpp.window = 1;
    let task = tokio::spawn(run(store.clone(), smpp, None, stopped));
    let arrived = until(&store, &first, |message| !message.receipt.is_empty()).await;
    assert_eq!((arrived.status.as_str(), arrived.channel.as_str(), arrived.receipt.as_str()), ("sent", "smpp", "delivered"));
    assert_eq!(arrived.tries, 1, "that the centre wanted a pause is not the message's fault");
    let texts = centre.texts();
    assert_eq!((texts.len(), format!("{}{}", texts[1], texts[2])), (3, long), "in two parts");
    {
        let seen = centre.seen.lock().unwrap();
        assert_eq!(seen.binds, [("dinetone".to_owned(), "s3cret".to_owned())]);
        let submit = &seen.submits[1];
        assert_eq!((submit.destination_addr.as_str(), submit.dest_addr_ton), ("8613800138000", Ton::International));
        assert_eq!(submit.source_addr.as_str(), "10690001");
        let heads: Vec<_> = seen.submits[1..].iter().map(|one| one.short_message().as_ref()[..6].to_vec()).collect();
        assert_eq!(
            (heads[0][..3].to_vec(), heads[0][3], &heads[0][4..], &heads[1][4..]),
            (vec![5, 0, 3], heads[1][3], [2, 1].as_slice(), [2, 2].as_slice())
        );
    }
    // The second never arrives; the third is refused for good.
    let second = told(&store, &catalogue, "k2", "已接单").await;
    assert_eq!(until(&store, &second, |message| !message.receipt.is_empty()).await.receipt, "failed");
    centre.seen.lock().unwrap().next.push_back(Next::Refuse(CommandStatus::EsmeRinvdstadr));
    let third = told(&store, &catalogue, "k3", "已接单").await;
    let refused = until(&store, &third, |message| message.status == "failed").await;
    assert_eq!((refused.why.as_str(), refused.tries), ("no such number (0x0b)", 1));
    // Stopped in order: everything has its answer, a goodbye is said, and nothing goes out again after the next start.
    let fourth = told(&store, &catalogue, "k4", "已接单").await;
    until(&store, &fourth, |message| message.receipt == "delivered").await;
    stop.send_replace(true);
    task.await.unwrap();
    assert_eq!(centre.seen.lock().unwrap().goodbyes, 1);
    let before = centre.texts().len();
    let (stop, stopped) = watch::channel(false);
    let task = tokio::spawn(run(store.clone(), settings(&centre.address), None, stopped));
    let fifth = told(&store, &catalogue, "k5", "已接单").await;
    until(&store, &fifth, |message| message.receipt == "delivered").await;
    assert_eq!(centre.texts().len(), before + 1);
    stop.send_replace(true);
    task.await.unwrap();
}

pub async fn c87_a_part_that_the_centre_has_is_not_sent_again_after_a_crash(database: Database) {
    let (store, catalogue) = database.shop().await;
    let centre = Centre::start(vec![Next::HangUp]);
    let long = "您的订单已接单。".repeat(10);
    // The process before this one was killed when the first of two parts had its answer.
    let order = told(&store, &catalogue, "k1", &long).await;
    let claimed = store.claim_notice("smpp", now()).await.unwrap().unwrap();
    store.notice_part_taken(&claimed.id, (0, 2), "before-1", now()).await.unwrap();
    // A claim that is held goes on; one that is over changes nothing, whoever comes late with an answer.
    store.notice_held(&claimed, now().after(Duration::from_secs(50))).await.unwrap();
    assert!(store.claim_notice("smpp", now().after(Duration::from_secs(70))).await.unwrap().is_none());
    let taken_over = store.claim_notice("smpp", now().after(Duration::from_secs(120))).await.unwrap().unwrap();
    store.notice_back(&claimed, now()).await.unwrap();
    store.notice_done(&claimed, true, "", None, now()).await.unwrap();
    assert_eq!(store.notices(Some(&order), 1).await.unwrap()[0].status, "sending");
    store.notice_back(&taken_over, now()).await.unwrap();
    let other = told(&store, &catalogue, "k2", "另一单").await;
    let (stop, stopped) = watch::channel(false);
    let mut smpp = settings(&centre.address);
    smpp.window = 1;
    let task = tokio::spawn(run(store.clone(), smpp, None, stopped));
    // The centre hangs up on its second part; the other message goes out by the next connection.
    until(&store, &other, |message| message.receipt == "delivered").await;
    let texts = centre.texts();
    assert_eq!((texts.len(), centre.seen.lock().unwrap().binds.len()), (2, 2), "{texts:?}");
    assert!(long.ends_with(&texts[0]) && texts[0].chars().count() == 13, "the second part alone: {texts:?}");
    // Nobody knows whether that part was taken: its message is claimed again when its time is over.
    let held = store.notices(Some(&order), 1).await.unwrap().remove(0);
    assert_eq!(held.status, "sending");
    let again = store.claim_notice("smpp", now().after(Duration::from_secs(90))).await.unwrap().expect("due again");
    assert_eq!((again.id.as_str(), store.notice_parts(&again.id).await.unwrap()), (held.id.as_str(), vec![0]));
    // A receipt for the part of the time before still counts, and is not yet one for the whole.
    assert!(store.notice_receipt(&["before-1".to_owned()], true, "DELIVRD", now()).await.unwrap());
    assert!(!store.notice_receipt(&["stranger".to_owned()], true, "DELIVRD", now()).await.unwrap());
    let half = store.notices(Some(&order), 1).await.unwrap().remove(0);
    assert_eq!((half.status.as_str(), half.receipt.as_str()), ("sending", ""));
    stop.send_replace(true);
    task.await.unwrap();
}
