//! The slow side: carries the calls' wishes to the store and the recordings' folder, and their replies back, without ever holding up a call.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Semaphore, mpsc, watch};

use super::alarm::{Alarm, held};
use super::{clock, keeper, records, tasks, who};
use crate::call::request::{CallBackStep, Reply, StoreRequest};
use crate::centre::Input;
use crate::domain::{CallId, Catalogue, NoticeTexts, PlacedVia, RecordingId, Timestamp};
use crate::ivr::question::{Answer, Notice, Question};
use crate::media::clip::{Clip, ClipBytes};
use crate::media::wav;
use crate::order::life::{Later, Report};
use crate::store::{Store, StoreError, Wished};

/// Requests that the store works on at once; beyond that a question is answered "failed" and the caller hears the fallback.
const AT_ONCE: usize = 128;
/// A request that takes longer has failed.
const PATIENCE: Duration = Duration::from_secs(5);
/// An order is never given up half-way: the caller is told after five seconds by the dialogue, what became of it is settled later.
const ORDER_PATIENCE: Duration = Duration::from_secs(60);

static NOT_ANSWERED: Alarm = Alarm::new();

/// What the effects need.
#[derive(Clone)]
pub struct Effects {
    pub store: Store,
    pub recordings: PathBuf,
    pub inbox: mpsc::Sender<Input>,
    pub node: String,
    /// What the house offers, as last loaded; orders are checked against it and against the store.
    catalogue: watch::Receiver<Arc<Catalogue>>,
    /// What a caller is sent who asks for the way to a restaurant.
    map: Arc<NoticeTexts>,
    at_once: Arc<Semaphore>,
}

impl Effects {
    /// Works on `store`; recordings go into that folder.
    #[must_use]
    pub fn new(
        store: Store,
        recordings: PathBuf,
        inbox: mpsc::Sender<Input>,
        node: String,
        catalogue: watch::Receiver<Arc<Catalogue>>,
        map: NoticeTexts,
    ) -> Self {
        Self { store, recordings, inbox, node, catalogue, map: Arc::new(map), at_once: Arc::new(Semaphore::new(AT_ONCE)) }
    }

    /// Takes requests until the brain has gone, then writes the last records.
    pub async fn run(self, mut requests: mpsc::Receiver<StoreRequest>) {
        let (records, inputs) = mpsc::channel(records::QUEUE);
        let writer = tasks::spawn("call-records", records::run(self.store.clone(), self.node.clone(), self.inbox.clone(), inputs));
        let (facts, kept) = mpsc::channel(keeper::QUEUE);
        let keeper = tasks::spawn("keeper", keeper::run(self.store.clone(), self.node.clone(), kept));
        let (callers, asked) = mpsc::channel(who::QUEUE);
        let effects = self.clone();
        let look = move |request| effects.start(request);
        tasks::spawn("who", who::run(self.store.clone(), self.inbox.clone(), look, asked));
        while let Some(request) = requests.recv().await {
            match request {
                StoreRequest::Who { call, caller } => {
                    if callers.try_send((call, caller)).is_err() {
                        metrics::counter!("dinetone_refused_total", "reason" => "store_busy").increment(1);
                        let _ = self.inbox.try_send(Input::Reply { call, reply: Reply::Who(None) });
                    }
                }
                StoreRequest::Started { call, record } => {
                    if records.try_send(records::Entry::Started(call, record)).is_err() {
                        // Its record is written whole when it ends.
                        metrics::counter!("dinetone_refused_total", "reason" => "store_busy").increment(1);
                        let _ = self.inbox.send(Input::Reply { call, reply: Reply::Started }).await;
                    }
                }
                StoreRequest::Ended { record, steps } => {
                    // The end of a call waits for room: its record must not be lost.
                    if records.send(records::Entry::Ended(record, steps)).await.is_err() {
                        tracing::error!("the writer of call records has gone");
                    }
                }
                StoreRequest::Keep(fact) => {
                    if facts.send(*fact).await.is_err() {
                        tracing::error!("the writer of conversations has gone");
                    }
                }
                other => self.start(other),
            }
        }
        drop((records, callers, facts));
        let _ = writer.await;
        let _ = keeper.await;
    }

    pub(super) fn start(&self, request: StoreRequest) {
        let Ok(permit) = Arc::clone(&self.at_once).try_acquire_owned() else {
            metrics::counter!("dinetone_refused_total", "reason" => "store_busy").increment(1);
            if let Some((call, reply)) = failed(&request) {
                let _ = self.inbox.try_send(Input::Reply { call, reply });
            }
            return;
        };
        let effects = self.clone();
        tasks::spawn("store", async move {
            let verb = verb(&request);
            let fallback = failed(&request);
            let started = clock::now();
            let patience = if verb == "place_order" { ORDER_PATIENCE } else { PATIENCE };
            let reply = match tokio::time::timeout(patience, effects.perform(request, started.wall.into())).await {
                Ok(reply) => reply,
                Err(_) => {
                    metrics::counter!("dinetone_store_errors_total", "verb" => verb).increment(1);
                    fallback
                }
            };
            metrics::histogram!("dinetone_store_seconds", "verb" => verb)
                .record(clock::now().instant.saturating_duration_since(started.instant).as_secs_f64());
            drop(permit);
            if let Some((call, reply)) = reply {
                let _ = effects.inbox.send(Input::Reply { call, reply }).await;
            }
        });
    }

    /// Carries out one request as of `now`: the reply, and the call that waits for it.
    ///
    /// The rare and long ways are boxed: the frequent one, `Who`, would otherwise move their kilobytes about with each call.
    pub async fn perform(&self, request: StoreRequest, now: Timestamp) -> Option<(u64, Reply)> {
        match request {
            StoreRequest::Who { call, caller } => {
                let card = told("who", self.store.card_by_phone(&caller, now).await);
                Some((call, Reply::Who(card.map(Box::new))))
            }
            StoreRequest::Ask { call, question, what } => {
                let answer = Box::pin(self.ask(*what, now)).await.unwrap_or(Answer::Failed);
                Some((call, Reply::Answer { question, answer }))
            }
            StoreRequest::Tell(notice) => {
                Box::pin(self.tell(*notice, now)).await;
                None
            }
            StoreRequest::SaveRecording { call, id, of, audio } => {
                let kept = !audio.is_empty() && Box::pin(self.save(&id, &of, audio, now)).await;
                Some((call, Reply::Saved { id, kept }))
            }
            StoreRequest::LoadRecording { call, id } => {
                let clip = self.load(&id).await;
                Some((call, Reply::Loaded { id, clip }))
            }
            StoreRequest::Pop { call, customer, phone, identity } => {
                let pop = Box::pin(self.store.pop(customer.as_ref(), phone.as_ref(), identity, now)).await;
                Some((call, Reply::Pop(told("pop", pop).map(Box::new))))
            }
            StoreRequest::CallBack { call, step } => {
                let id = step.id().to_owned();
                let granted = told("call_back", Box::pin(self.call_back(*step, now)).await);
                Some((call, Reply::CallBack { id, granted }))
            }
            StoreRequest::BlockHit { phone, level, call } => {
                metrics::counter!("dinetone_block_hits_total", "level" => level.name()).increment(1);
                told("block_hit", self.store.record_block_hit(&phone, level, &call, now).await);
                None
            }
            StoreRequest::BranchUnanswered { id, why } => {
                told("branch_call", self.store.branch_call_unanswered(&id, &why, now).await);
                None
            }
            StoreRequest::Keep(_) | StoreRequest::Started { .. } | StoreRequest::Ended { .. } => None,
        }
    }

    async fn call_back(&self, step: CallBackStep, now: Timestamp) -> Result<bool, StoreError> {
        let (store, node) = (&self.store, &self.node);
        match step {
            CallBackStep::Keep(wish) => match store.keep_call_back(&wish, "asked", now).await {
                Ok(kept) => Ok(kept == Wished::Kept),
                Err(StoreError::Conflict) => Ok(false),
                Err(error) => Err(error),
            },
            CallBackStep::Claim { id, until } => store.claim_call_back(&id, node, until, now).await,
            CallBackStep::Reached { id } => store.call_back_reached(&id, node, now).await,
            CallBackStep::Finish { id, why } => store.finish_call_back(&id, &why, now).await,
            CallBackStep::Fail { id } => store.fail_call_back(&id, now).await,
        }
    }

    async fn ask(&self, what: Question, now: Timestamp) -> Option<Answer> {
        let store = &self.store;
        Some(match what {
            Question::Member(number) => Answer::Known(Box::new(told("member", store.card_by_member(&number, now).await)?)),
            Question::Phone(phone) => Answer::Known(Box::new(told("phone", store.card_by_phone(&phone, now).await)?)),
            Question::Pin { member, pin } => Answer::Pin(told("pin", store.check_pin(&member, &pin, now).await)?),
            Question::Points(member) => Answer::Points(told("points", store.points(&member, now).await)?),
            Question::Place(request) => {
                let catalogue = Arc::clone(&self.catalogue.borrow());
                Answer::Placed(told("place_order", store.place_order(&request, PlacedVia::Keypad, now, &catalogue).await)?)
            }
            Question::Orders { customer, phone, open } => {
                Answer::Orders(told("orders", store.orders_of(customer.as_ref(), phone.as_ref(), open).await)?)
            }
            Question::FindOrder { last4, phone4 } => {
                Answer::Orders(told("find_order", store.find_order(&last4, &phone4, now).await)?.into_iter().collect())
            }
            Question::Urge(order) => Answer::Done(told("urge", store.urge_order(&order, now).await)?),
            Question::Cancel(order) => Answer::Done(told("cancel", store.cancel_order(&order, now).await)?),
            Question::RiderOrder { last4, caller } => {
                Answer::Orders(told("rider_order", store.rider_order(&last4, caller.as_ref(), now).await)?.into_iter().collect())
            }
            Question::RiderReport { order, code, later, caller } => {
                let later = later.map(|(at, pickup)| Later { at: store.clock().timestamp(at), pickup });
                let said = Report { code, later };
                Answer::Done(told("rider_report", store.rider_report(&order, said, caller.as_ref(), now).await)?)
            }
            Question::BranchAnswer { id, order, branch, accept } => {
                Answer::Done(told("branch_answer", store.branch_answers(&id, &order, branch, accept, now).await)?)
            }
            Question::Unsubscribe(number) => {
                told("unsubscribe", store.refuse_contact(&number, "key", "9", now).await)?;
                metrics::counter!("dinetone_campaign_refusals_total", "how" => "key").increment(1);
                Answer::Done(true)
            }
            Question::Message(message) => Answer::Case(told("message", store.leave_message(&message, now).await)?),
            Question::MapLink { branch, phone, language } => {
                Answer::Done(told("map_link", store.make_map_link(&phone, branch, language, &self.map, now).await)?)
            }
        })
    }

    async fn tell(&self, notice: Notice, now: Timestamp) {
        let store = &self.store;
        match notice {
            Notice::SaveCart { key, customer, phone, cart, step } => {
                told("save_cart", store.save_cart(&key, customer.as_ref(), phone.as_ref(), &cart, &step, now).await);
            }
            Notice::DropCart { customer, phone } => {
                told("drop_cart", store.drop_cart(customer.as_ref(), phone.as_ref()).await);
            }
            Notice::Language { phone, language } => {
                told("language", store.remember_language(&phone, language, now).await);
            }
            Notice::OfferHeard { phone, offer } => {
                told("offer_heard", store.remember_offer_heard(&phone, &offer, now).await);
            }
        }
    }

    async fn save(&self, id: &RecordingId, of: &CallId, audio: Vec<u8>, now: Timestamp) -> bool {
        let file = self.recordings.join(format!("{id}.wav"));
        let millis = u32::try_from(audio.len() / 8).unwrap_or(u32::MAX);
        let folder = self.recordings.clone();
        let written = tokio::task::spawn_blocking(move || {
            std::fs::create_dir_all(&folder).and_then(|()| std::fs::write(&file, wav::write_alaw(&audio)))
        })
        .await;
        match written {
            Ok(Ok(())) => told("recording", self.store.record_recording(id, of, "caller", millis, now).await).is_some(),
            Ok(Err(error)) => {
                tracing::error!("a recording could not be kept: {error}");
                false
            }
            Err(_) => false,
        }
    }

    async fn load(&self, id: &RecordingId) -> Option<Arc<Clip>> {
        let path = self.recordings.join(format!("{id}.wav"));
        let bytes = tokio::task::spawn_blocking(move || std::fs::read(path)).await.ok()?.ok()?;
        let audio = wav::read_alaw(&bytes).ok()?;
        Some(Arc::new(Clip::new(id.as_str(), ClipBytes::Shared(audio.into()))))
    }
}

/// A failure of the store is counted here, and logged once a minute.
fn told<T>(verb: &'static str, result: Result<T, StoreError>) -> Option<T> {
    result
        .inspect_err(|error| {
            metrics::counter!("dinetone_store_errors_total", "verb" => verb).increment(1);
            let Some(more) = NOT_ANSWERED.due(clock::now().instant) else { return };
            tracing::error!(verb, "the store could not answer {verb}: {error}{}", held(more));
        })
        .ok()
}

fn verb(request: &StoreRequest) -> &'static str {
    match request {
        StoreRequest::Who { .. } => "who",
        StoreRequest::Tell(_) => "tell",
        StoreRequest::SaveRecording { .. } => "save_recording",
        StoreRequest::LoadRecording { .. } => "load_recording",
        StoreRequest::Pop { .. } => "pop",
        StoreRequest::CallBack { .. } => "call_back",
        StoreRequest::BlockHit { .. } => "block_hit",
        StoreRequest::BranchUnanswered { .. } => "branch_call",
        StoreRequest::Keep(_) => "keep",
        StoreRequest::Started { .. } | StoreRequest::Ended { .. } => "record",
        StoreRequest::Ask { what, .. } => match **what {
            Question::Member(_) => "member",
            Question::Phone(_) => "phone",
            Question::Pin { .. } => "pin",
            Question::Points(_) => "points",
            Question::Place(_) => "place_order",
            Question::Orders { .. } => "orders",
            Question::FindOrder { .. } => "find_order",
            Question::Urge(_) => "urge",
            Question::Cancel(_) => "cancel",
            Question::RiderOrder { .. } => "rider_order",
            Question::RiderReport { .. } => "rider_report",
            Question::BranchAnswer { .. } => "branch_answer",
            Question::Unsubscribe(_) => "unsubscribe",
            Question::Message(_) => "message",
            Question::MapLink { .. } => "map_link",
        },
    }
}

/// What a call is told when the store did not answer.
fn failed(request: &StoreRequest) -> Option<(u64, Reply)> {
    match request {
        StoreRequest::Who { call, .. } => Some((*call, Reply::Who(None))),
        StoreRequest::Ask { call, question, .. } => Some((*call, Reply::Answer { question: *question, answer: Answer::Failed })),
        StoreRequest::SaveRecording { call, id, .. } => Some((*call, Reply::Saved { id: id.clone(), kept: false })),
        StoreRequest::LoadRecording { call, id } => Some((*call, Reply::Loaded { id: id.clone(), clip: None })),
        StoreRequest::Pop { call, .. } => Some((*call, Reply::Pop(None))),
        StoreRequest::CallBack { call, step } => Some((*call, Reply::CallBack { id: step.id().to_owned(), granted: None })),
        StoreRequest::BlockHit { .. }
        | StoreRequest::BranchUnanswered { .. }
        | StoreRequest::Keep(_)
        | StoreRequest::Started { .. }
        | StoreRequest::Ended { .. }
        | StoreRequest::Tell(_) => None,
    }
}
