//! What bringing a table in would do, for pages, programs and the command line.

use serde_json::{Value, json};

use crate::domain::Language;
use crate::exchange::{Change, Fault, What};

/// Changes that are shown one by one; all of them are counted.
pub const SHOWN: usize = 300;

/// `findings`, `changes` (the first of them) and `changes_total`.
#[must_use]
pub fn preview(what: What, changes: &[Change], faults: &[Fault], language: Language) -> Value {
    let title = |key: &str| title(what, key, language);
    let fault = |fault: &Fault| {
        let (found, cure) = (fault.found.to(language), fault.cure.to(language));
        json!({ "row": fault.row, "column": fault.column, "title": title(&fault.column), "found": found, "cure": cure })
    };
    let change = |change: &Change| {
        let columns = change.columns.iter();
        let columns =
            columns.map(|(column, before, after)| json!({ "column": column, "title": title(column), "before": before, "after": after }));
        json!({ "row": change.row, "subject": change.subject, "new": change.new, "columns": columns.collect::<Value>() })
    };
    json!({
        "findings": faults.iter().map(fault).collect::<Value>(),
        "changes": changes.iter().take(SHOWN).map(change).collect::<Value>(),
        "changes_total": changes.len(),
    })
}

/// The head of a column in this language; what is no column stays as it is.
#[must_use]
pub fn title(what: What, key: &str, language: Language) -> String {
    let column = what.columns().iter().find(|column| column.key == key);
    column.map_or(key, |column| if language == Language::English { column.en } else { column.zh }).to_owned()
}
