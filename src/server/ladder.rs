//! `--trace-sip DIR`: one readable ladder file per call, in the form of the tests' ladders.

use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::PathBuf;
use std::time::Instant;

use crate::machine::Now;
use crate::sip::event::Flow;

/// Files that are kept open; the oldest is closed when one more call comes.
const MOST_OPEN: usize = 200;
/// One file at most: a call of an hour needs some ten thousand bytes.
const LONGEST: u64 = 4 << 20;

/// The open ladder files.
pub struct Ladders {
    folder: PathBuf,
    open: HashMap<String, Ladder>,
}

struct Ladder {
    file: File,
    since: Instant,
    written: u64,
}

impl Ladders {
    /// Writes into `folder`, which is made when it is not there.
    ///
    /// # Errors
    /// When the folder cannot be made.
    pub fn new(folder: PathBuf) -> std::io::Result<Self> {
        std::fs::create_dir_all(&folder)?;
        Ok(Self { folder, open: HashMap::new() })
    }

    /// One message of one call.
    pub fn note(&mut self, now: Now, call_id: &str, flow: Flow, sent: bool, bytes: &[u8]) {
        if !self.open.contains_key(call_id) {
            if self.open.len() >= MOST_OPEN
                && let Some(oldest) = self.open.iter().min_by_key(|(_, ladder)| ladder.since).map(|(id, _)| id.clone())
            {
                self.open.remove(&oldest);
            }
            let path = self.folder.join(format!("{}.ladder", file_name(call_id)));
            match OpenOptions::new().create(true).append(true).open(&path) {
                Ok(file) => drop(self.open.insert(call_id.to_owned(), Ladder { file, since: now.instant, written: 0 })),
                Err(error) => return tracing::warn!("no ladder in {}: {error}", path.display()),
            }
        }
        let Some(ladder) = self.open.get_mut(call_id) else { return };
        if ladder.written > LONGEST {
            return;
        }
        let text = String::from_utf8_lossy(bytes);
        let first = text.lines().next().unwrap_or("");
        let at = now.instant.saturating_duration_since(ladder.since).as_secs_f64();
        let who = if sent { "centre →" } else { "peer   →" };
        let mut lines = format!("{at:8.3}  {who} {first}   [{} {:?}]\n", flow.peer, flow.transport);
        for line in text.lines().skip(1) {
            lines.push_str("              ");
            lines.push_str(line);
            lines.push('\n');
        }
        ladder.written += lines.len() as u64;
        if let Err(error) = ladder.file.write_all(lines.as_bytes()) {
            tracing::warn!("the ladder of a call cannot be written: {error}");
        }
    }
}

/// A Call-ID may hold anything: only what is safe in a file name stays.
fn file_name(call_id: &str) -> String {
    call_id.chars().take(100).map(|c| if c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '@') { c } else { '_' }).collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_call_id_cannot_leave_the_folder() {
        assert_eq!(super::file_name("../../etc/passwd"), "______etc_passwd");
        assert_eq!(super::file_name("a84b4c76e66710@pc33"), "a84b4c76e66710@pc33");
    }
}
