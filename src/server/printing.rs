//! Sends slips to the branches' printers by TCP: asks them first whether they can, makes sure afterwards that they did, and
//! asks a person where that is in doubt (C83).

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio::time::timeout;

use super::{clock, tasks};
use crate::domain::Timestamp;
use crate::order::life::TaskKind;
use crate::slip::escpos::{self, Condition};
use crate::store::{NewTask, PrintJob, Printer, Store, StoreError};

/// How often the store is asked what is due when nobody says that something is.
const LOOK: Duration = Duration::from_secs(1);
const CONNECT: Duration = Duration::from_secs(3);
/// Printers answer `DLE EOT` at once, if they do at all.
const ANSWER: Duration = Duration::from_millis(1500);
/// A long slip takes its time.
const PRINTED: Duration = Duration::from_secs(15);
/// Between two tries, at most.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// From this try on a printer that is away is somebody's task.
const ALARM_AT: u32 = 2;

/// Printers that are being worked on.
type Busy = Arc<Mutex<HashSet<String>>>;

/// Prints what is due, each printer by itself, until the program ends.
pub async fn run(store: Store, wake: Arc<Notify>) {
    let busy: Busy = Arc::default();
    loop {
        let now = Timestamp::from(clock::now().wall);
        match store.printers_due(now).await {
            Ok(printers) => {
                for printer in printers {
                    if busy.lock().unwrap_or_else(PoisonError::into_inner).insert(printer.id.clone()) {
                        tasks::spawn("printer", work(store.clone(), printer, Arc::clone(&busy)));
                    }
                }
            }
            Err(error) => tracing::debug!("slips that are due cannot be read: {error}"),
        }
        tokio::select! {
            () = wake.notified() => {}
            () = tokio::time::sleep(store.rest(LOOK)) => {}
        }
    }
}

async fn work(store: Store, printer: Printer, busy: Busy) {
    if let Err(error) = print_all(&store, &printer).await {
        metrics::counter!("dinetone_store_errors_total", "verb" => "print").increment(1);
        tracing::error!(printer = printer.name, "what becomes of a slip cannot be written down: {error}");
    }
    busy.lock().unwrap_or_else(PoisonError::into_inner).remove(&printer.id);
}

async fn print_all(store: &Store, printer: &Printer) -> Result<(), StoreError> {
    let now = || Timestamp::from(clock::now().wall);
    let asked = store.doubt_print_jobs(&printer.id, now()).await?;
    if asked > 0 {
        metrics::counter!("dinetone_slips_total", "result" => "asked").increment(asked);
        tracing::warn!(printer = printer.name, "{asked} slip(s) were not printed in time: a person decides");
        ask_a_person(store, printer, "asked").await?;
    }
    while let Some(job) = store.claim_print_job(&printer.id, now()).await? {
        let Some(slip) = job.slip(printer.width, store.clock().local(now())) else {
            store.print_job_done(&job.id, now()).await?;
            continue;
        };
        let result = send(&printer.address, &escpos::bytes(&slip, printer.buzzer && job.kind != "again")).await;
        if !told(store, printer, &job, result).await? {
            return Ok(());
        }
    }
    Ok(())
}

/// Writes down what became of a slip; whether the printer can go on.
async fn told(store: &Store, printer: &Printer, job: &PrintJob, result: Result<(), Trouble>) -> Result<bool, StoreError> {
    let now = Timestamp::from(clock::now().wall);
    let Err(trouble) = result else {
        store.print_job_done(&job.id, now).await?;
        metrics::counter!("dinetone_slips_total", "result" => "printed").increment(1);
        tracing::info!(printer = printer.name, order.number = job.number, "{} slip of {} was printed", job.slip.name(), job.number);
        if store.printer_is(&printer.id, "ok", now).await? && printer.state != "none" {
            store.close_tasks(TaskKind::Printer, &subject(printer), "back", now).await?;
        }
        return Ok(true);
    };
    metrics::counter!("dinetone_slips_total", "result" => trouble.name()).increment(1);
    let news = store.printer_is(&printer.id, trouble.state(), now).await?;
    if news {
        tracing::warn!(
            printer = printer.name,
            branch = printer.branch.get(),
            "printer {} of branch {}: {trouble}",
            printer.name,
            printer.branch
        );
    }
    if trouble == Trouble::InDoubt {
        store.print_job_failed(&job.id, trouble.name(), None).await?;
        ask_a_person(store, printer, "asked").await?;
        return Ok(false);
    }
    let pause = Duration::from_secs(1 << job.tries.min(5)).min(LONGEST_PAUSE);
    store.print_job_failed(&job.id, trouble.name(), Some(now.after(pause))).await?;
    if job.tries >= ALARM_AT {
        ask_a_person(store, printer, trouble.name()).await?;
    }
    Ok(false)
}

fn subject(printer: &Printer) -> String {
    format!("printer:{}", printer.id)
}

async fn ask_a_person(store: &Store, printer: &Printer, code: &str) -> Result<(), StoreError> {
    let words = serde_json::json!({ "code": code, "printer": printer.id, "name": printer.name });
    let task = NewTask {
        kind: TaskKind::Printer,
        subject: subject(printer),
        order: None,
        number: None,
        branch: Some(printer.branch),
        due_at: None,
        words,
    };
    store.open_task(&task, Timestamp::from(clock::now().wall)).await.map(|_| ())
}

/// Why a slip did not come out, as far as we know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
enum Trouble {
    #[error("it cannot be reached")]
    Away,
    #[error("it is off line: a cover is open, or it is switched to a pause")]
    Offline,
    #[error("it has no paper")]
    NoPaper,
    #[error("it did not say whether the slip came out")]
    InDoubt,
}

impl Trouble {
    const fn name(self) -> &'static str {
        match self {
            Self::Away => "away",
            Self::Offline => "offline",
            Self::NoPaper => "no_paper",
            Self::InDoubt => "in_doubt",
        }
    }

    /// As the branch's card shows it.
    const fn state(self) -> &'static str {
        match self {
            Self::NoPaper => "paper",
            Self::Away | Self::Offline | Self::InDoubt => "away",
        }
    }
}

/// Sends a slip. A printer that does not speak of itself is believed; one that does must say that it is done.
async fn send(address: &str, slip: &[u8]) -> Result<(), Trouble> {
    let Ok(Ok(mut stream)) = timeout(CONNECT, TcpStream::connect(address)).await else { return Err(Trouble::Away) };
    let _ = stream.set_nodelay(true);
    stream.write_all(&escpos::ASK).await.map_err(|_| Trouble::Away)?;
    let mut answers = [0_u8; 2];
    let speaks = match timeout(ANSWER, stream.read_exact(&mut answers)).await {
        Ok(Ok(_)) => match escpos::condition(answers) {
            Some(Condition::Ready) => true,
            Some(Condition::Offline) => return Err(Trouble::Offline),
            Some(Condition::NoPaper) => return Err(Trouble::NoPaper),
            None => false,
        },
        // It hung up on a mere question: there is nobody who prints.
        Ok(Err(_)) => return Err(Trouble::Away),
        Err(_) => false,
    };
    // From here on some of it may be on paper.
    let sent = async {
        stream.write_all(slip).await?;
        if speaks {
            stream.write_all(&escpos::ASK_DONE).await?;
            stream.read_exact(&mut [0_u8; 1]).await?;
        } else {
            stream.shutdown().await?;
            // It closes when it has read everything; some never do.
            let _ = timeout(ANSWER, stream.read(&mut [0_u8; 64])).await;
        }
        Ok::<(), std::io::Error>(())
    };
    match timeout(PRINTED, sent).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) | Err(_) => Err(Trouble::InDoubt),
    }
}
