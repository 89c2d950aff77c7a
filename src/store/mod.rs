//! The one door to what is kept: verbs of the trade on SQLite or PostgreSQL; SQL, rows and pools stay in here.
//!
//! A [`Store`] is a cheap handle. Every verb takes and returns domain types and takes the time as an argument. The
//! verbs, by file:
//!
//! | file | verbs |
//! |---|---|
//! | `open` | `open`, `close`, `ready`, `schema_version` |
//! | `people` | `known_phones`, `card_by_phone`, `card_by_member`, `remember_customer`, `remember_phone`, `remember_address`, `remember_language`, `remember_offer_heard`, `remember_member` |
//! | `pin` | `set_pin`, `check_pin` |
//! | `block` | `block`, `allow`, `set_block`, `unblock`, `lift_block`, `blocked`, `block_entries` |
//! | `customers` | `search_customers`, `create_customer`, `edit_customer`, `set_phones`, `add_address`, `timeline` |
//! | `talks` | `keep`, `record_wrap_up`, `wrap_up`, `call_story` |
//! | `missed` | `record_missed`, `missed`, `take_missed`, `close_missed` |
//! | `callbacks` | `keep_call_back`, `claim_call_back`, `call_back_reached`, `finish_call_back`, `fail_call_back`, `open_call_backs` |
//! | `drafts` | `save_draft`, `drafts`, `drop_draft` |
//! | `wall` | `wall` |
//! | `points` | `points`, `add_points`, `points_balance` |
//! | `pop` | `pop` |
//! | `sticky` | `remember_last_agent`, `last_agent`, `set_owner`, `set_never` |
//! | `carts` | `save_cart`, `drop_cart` |
//! | `placing` | `place_order`, `place_order_by` |
//! | `orders` | `order`, `orders`, `orders_of`, `find_order` |
//! | `foresee`, `quality` | `foresee`, `watch_quality` |
//! | `life` | `order_step`, `move_order`, `urge_order`, `cancel_order`, `order_timeline` |
//! | `cards` | `card`, `cards` |
//! | `boards` | `journal_last`, `news`, `boards_seen`, `boards`, `due_orders`, `pause_branch`, `end_pauses`, `branch_sold_out`, `branch_has_again`, `branch_cards`, `order_counts`, `loads` |
//! | `admin` | `edit_house`, `edit_house_all`, `undo_house_edit`, `house_edits`, `house_edit`, `page_entries`, `page_entry`, `edit_page_entry` |
//! | `seal` | `with_key`, `has_key`, `plain_passwords`, `seal_passwords` |
//! | `devices` | `add_device`, `tie_device`, `device`, `devices`, `revoke_device` |
//! | `tasks` | `open_task`, `close_tasks`, `take_task`, `finish_task`, `task`, `open_tasks` |
//! | `printing` | `printers`, `save_printer`, `printer_is`, `ticket`, `make_slips`, `print_again`, `printers_due`, `claim_print_job`, `print_jobs`, … |
//! | `branch_calls` | `want_branch_call`, `claim_branch_calls`, `settled_branch_calls`, `branch_call_unanswered`, `branch_answers`, `branch_calls` |
//! | `riders` | `riders`, `rider`, `add_rider`, `change_rider`, `rider_in`, `add_rider_link`, `rider_link`, `rider_order`, `rider_report`, `delivered` |
//! | `proposals` | `mark_customer`, `block_for_review`, `review_is_settled`, `block_proposals`, `decide_proposal` |
//! | `exchange` | `table`, `plan_table`, `store_table` |
//! | `notices` | `make_notice`, `make_map_link`, `claim_notice`, `notice_done`, `notice_back`, `notice_held`, `notice_part_taken`, `notice_receipt`, `notices`, `notices_of`, `refuse_notices` |
//! | `followers` | `followed`, `follow_to` |
//! | `calls` | `record_calls`, `calls`, `calls_with_people`, `call` |
//! | `nodes` | `node_starts`, `node_lives`, `node_leaves`, `nodes`, `node_lost`, `tell_agents`, `elsewhere` |
//! | `messages` | `record_recording`, `recording`, `leave_message`, `messages` |
//! | `journal` | `journal_after` |
//! | `webhooks` | `add_webhook`, `change_webhook`, `drop_webhook`, `webhooks`, `journal_end`, `claim_webhook`, `webhook_next`, `webhook_arrived`, `webhook_failed` |
//! | `tickets` | `open_ticket`, `tickets`, `ticket_story`, `ticket_step`, `ticket_played`, `escalate_tickets`, `recording_is_of` |
//! | `reports` | `report`, `past_days`, `roll_reports` |
//! | `care` | `care` |
//! | `credits` | `credit_of`, `grant_credit`, `credit_for`, `withdraw_credit` |
//! | `campaigns` | `add_campaign`, `change_campaign`, `set_campaign_list`, `list_campaign`, `campaign_step`, `campaign`, `campaigns`, `running_campaigns`, `refuse_contact` |
//! | `campaign_tries` | `claim_campaign`, `campaign_evidence`, `forget_campaigns` |
//! | `contact_wishes` | `set_contact_wish`, `contact_wish` |
//! | `catalogue` | `catalogue`, `catalogue_version`, `set_sold_out`, `clear_sold_out`, `set_paused`, `closed_branches` |
//! | `prompts` | `keep_prompt`, `choose_prompt`, `prompt_versions`, `chosen_prompts`, `prompt_sound` |
//! | `house` | `import_house` |
//! | `invoices` | `ask_invoice`, `withdraw_invoice`, `invoice`, `invoices`, `invoice_titles`, `export_invoices`, `export_invoice_anyway`, `invoice_told` |
//! | `members` | `member_rows`, `put_members` |
//! | `backup` | `backup`, `restore` |
//! | `demo` | `fill_demo` |
//! | `users` | `add_user`, `change_user`, `set_password`, `check_password`, `users`, `user`, `user_by_login`, `users_revision`, `set_phone_password`, `phone_secrets`, `first_administrator`, `fill_demo_users` |
//! | `sessions` | `open_session`, `session`, `touch_sessions`, `end_session`, `sessions_that_hold`, `add_token`, `token`, `tokens`, `revoke_token` |
//! | `audit` | `record_audit`, `audit`, `answered`, `record_answer` |

mod admin;
mod audit;
mod backup;
mod block;
mod boards;
mod branch_calls;
mod callbacks;
mod calls;
mod campaign_tries;
mod campaigns;
mod cards;
mod care;
mod carts;
mod catalogue;
mod columns;
mod contact_wishes;
mod credits;
mod customers;
mod db;
mod demo;
mod devices;
mod drafts;
mod error;
mod exchange;
mod followers;
mod foresee;
mod house;
mod invoices;
mod journal;
mod life;
mod lines;
mod many;
mod members;
mod messages;
mod missed;
mod nodes;
mod notices;
mod open;
mod orders;
mod people;
mod pin;
mod placing;
mod points;
mod pop;
mod printing;
mod prompts;
mod proposals;
mod quality;
mod reports;
mod riders;
mod seal;
mod sessions;
mod shifts;
mod steps;
mod sticky;
mod talks;
mod tasks;
mod tickets;
mod users;
mod wall;
mod webhooks;

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::domain::{ShopClock, Timestamp};
use crate::order::life::Rules;

pub use admin::{HouseEdit, HousePart, HouseValue, PageEntry};
pub use audit::{Answered, AuditEntry};
pub use backup::Summary;
pub use block::{BlockEntry, BlockWish};
pub use boards::{OrderCounts, SILENT};
pub use branch_calls::StoredBranchCall;
pub use callbacks::{Recovered, Wished};
pub use calls::{CallFilter, CallPeople, StoredCall};
pub use campaign_tries::{CampaignEvidence, Claimed};
pub use campaigns::{Campaign, CampaignStep, MOST_NUMBERS};
pub use cards::CardFilter;
pub use care::Cared;
pub use credits::{GivenCredit, Granted};
pub use customers::{CustomerEdit, FoundCustomer, Happened};
pub use demo::DemoFilled;
pub use devices::Device;
pub use drafts::Draft;
pub use error::{Obstacle, StoreError};
pub use exchange::TablePlan;
pub use house::HouseChange;
pub use invoices::{Anyway, Invoice, InvoiceFilter, InvoiceResult};
pub use journal::{JournalEntry, News};
pub use life::{OrderEvent, Stepped};
pub use members::MemberRow;
pub use messages::{StoredMessage, StoredRecording};
pub use missed::StoredMissed;
pub use nodes::{LeftBehind, Node, Sign};
pub use notices::{CustomerMessage, NoticeFilter};
pub use open::Found;
pub use orders::OrderFilter;
pub use people::MOST_PHONES;
pub use placing::TakenDown;
pub use printing::{PrintFilter, PrintJob, Printer};
pub use prompts::PromptVersion;
pub use proposals::Proposal;
pub use riders::{HandedIn, RiderWish, StoredRider};
pub use seal::SealKey;
pub use sessions::{Session, SessionLife, Token, secret_hash};
pub use shifts::PlannedDay;
pub use sticky::Author;
pub use talks::CallStory;
pub use tasks::NewTask;
pub use tickets::{Ticket, TicketFilter, TicketNote, TicketStep};

/// What an order needs and what becomes of it, for those who place one.
pub use crate::ivr::question::{OrderRequest, Placed};
pub use users::{DEMO_USERS, DemoUser, NewUser, PhoneSecret, UserChange, is_login};
pub use wall::{Wall, WallCounts};
pub use webhooks::{Webhook, WebhookChange};

/// The handle: clone it freely.
#[derive(Debug, Clone)]
pub struct Store {
    pool: db::Pool,
    clock: Arc<ShopClock>,
    /// The times of dispatch.
    rules: Arc<Rules>,
    /// What passwords are sealed with.
    key: Option<Arc<SealKey>>,
    /// Wakes whoever follows the journal in this process.
    news: tokio::sync::watch::Sender<()>,
    /// Signs of life of this node that could not be written, one after another.
    unwritten: Arc<AtomicU32>,
}

impl Store {
    /// The restaurant's clock that days are counted by.
    #[must_use]
    pub fn clock(&self) -> &ShopClock {
        &self.clock
    }

    /// Whether it can be written to, as far as this node's signs of life tell: two that fail say no. A full disk and a database that
    /// stands by can still be read.
    #[must_use]
    pub fn can_write(&self) -> bool {
        self.unwritten.load(Ordering::Relaxed) < 2
    }

    /// The same store with these times of dispatch instead of the usual ones.
    #[must_use]
    pub fn with_rules(self, rules: Rules) -> Self {
        Self { rules: Arc::new(rules), ..self }
    }
}

/// A new id, sortable by time: UUID version 7 made of `now` and random bits.
fn new_id(now: Timestamp) -> String {
    let millis = u64::try_from(now.as_millis()).unwrap_or(0);
    let nanos = u32::try_from(millis % 1000).unwrap_or(0) * 1_000_000;
    uuid::Uuid::new_v7(uuid::Timestamp::from_unix(uuid::NoContext, millis / 1000, nanos)).to_string()
}
