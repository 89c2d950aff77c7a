//! Voice messages with their case numbers, and what is known of each recording; the sound itself is a file of the server.

use serde_json::json;

use super::db::{Durability, Row, broken, vals};
use super::{Store, StoreError, journal, tickets};
use crate::domain::{CallId, CustomerId, NewTicket, OrderId, PhoneNumber, RecordingId, TicketKind, Timestamp};
use crate::ivr::question::{Message, MessageKind};

/// What is known of a recording.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredRecording {
    pub id: RecordingId,
    pub call: CallId,
    /// `address`, `note`, `message`.
    pub kind: String,
    pub length_ms: u32,
    pub at: Timestamp,
}

/// A message somebody left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredMessage {
    /// Case number.
    pub number: String,
    pub kind: MessageKind,
    pub recording: RecordingId,
    pub customer: Option<CustomerId>,
    pub phone: Option<PhoneNumber>,
    pub order: Option<OrderId>,
    /// `new`, `open`, `closed`.
    pub status: String,
    pub at: Timestamp,
}

impl Store {
    /// Notes a recording that the server has stored under this id.
    ///
    /// # Errors
    /// When the store cannot write.
    pub async fn record_recording(
        &self,
        id: &RecordingId,
        call: &CallId,
        kind: &str,
        length_ms: u32,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        const SQL: &str =
            "insert into recordings (id, call_id, kind, length_ms, at) values ($1, $2, $3, $4, $5) on conflict (id) do nothing";
        self.write(SQL, vals![id.as_str(), call.as_str(), kind, length_ms, now.as_millis()]).await
    }

    /// What is known of a recording.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn recording(&self, id: &RecordingId) -> Result<Option<StoredRecording>, StoreError> {
        let row = self.pool.row("select id, call_id, kind, length_ms, at from recordings where id = $1", vals![id.as_str()]).await?;
        row.map(|row| {
            Ok(StoredRecording {
                id: RecordingId::new(row.text(0)?),
                call: CallId::new(row.text(1)?),
                kind: row.text(2)?.to_owned(),
                length_ms: u32::try_from(row.int(3)?).unwrap_or(u32::MAX),
                at: Timestamp::from_millis(row.int(4)?),
            })
        })
        .transpose()
    }

    /// Keeps a message and opens its ticket; its case number: month, day and four digits.
    ///
    /// # Errors
    /// When the store cannot write.
    pub async fn leave_message(&self, message: &Message, now: Timestamp) -> Result<String, StoreError> {
        const SQL: &str = "insert into messages (number, kind, recording, customer, phone, order_id, status, at) values ($1, $2, $3, $4, $5, $6, 'new', $7)";
        let mut tx = self.pool.begin(Durability::Full).await?;
        let number = self.case_number(&mut tx, now).await?;
        let args = vals![
            &number,
            kind_name(message.kind),
            message.recording.as_str(),
            message.customer.as_ref().map(CustomerId::as_str),
            message.phone.as_ref().map(PhoneNumber::reveal),
            message.order.as_ref().map(OrderId::as_str),
            now.as_millis(),
        ];
        tx.exec(SQL, args).await?;
        let ticket = NewTicket {
            kind: TicketKind::parse(kind_name(message.kind)).unwrap_or(TicketKind::Other),
            severity: None,
            customer: message.customer.clone(),
            phone: message.phone.clone(),
            order: message.order.clone(),
            call: None,
            recording: Some(message.recording.clone()),
            words: String::new(),
            by: "caller".into(),
        };
        tickets::put(&mut tx, &ticket, &number, now).await?;
        journal::append(&mut tx, now, "message_left", &number, &json!({ "kind": kind_name(message.kind) })).await?;
        tx.commit().await?;
        Ok(number)
    }

    /// Messages, latest first.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn messages(&self, limit: u32) -> Result<Vec<StoredMessage>, StoreError> {
        const SQL: &str =
            "select number, kind, recording, customer, phone, order_id, status, at from messages order by at desc, number desc limit $1";
        self.pool.rows(SQL, vals![limit]).await?.iter().map(message).collect()
    }
}

fn message(row: &Row) -> Result<StoredMessage, StoreError> {
    Ok(StoredMessage {
        number: row.text(0)?.to_owned(),
        kind: kind(row.text(1)?)?,
        recording: RecordingId::new(row.text(2)?),
        customer: row.opt_text(3)?.map(CustomerId::new),
        phone: row.opt_text(4)?.map(super::people::phone).transpose()?,
        order: row.opt_text(5)?.map(OrderId::new),
        status: row.text(6)?.to_owned(),
        at: Timestamp::from_millis(row.int(7)?),
    })
}

const fn kind_name(kind: MessageKind) -> &'static str {
    match kind {
        MessageKind::Complaint => "complaint",
        MessageKind::Suggestion => "suggestion",
        MessageKind::Voicemail => "voicemail",
        MessageKind::Join => "join",
    }
}

fn kind(name: &str) -> Result<MessageKind, StoreError> {
    [MessageKind::Complaint, MessageKind::Suggestion, MessageKind::Voicemail, MessageKind::Join]
        .into_iter()
        .find(|kind| kind_name(*kind) == name)
        .ok_or_else(|| broken("kind of message", name))
}
