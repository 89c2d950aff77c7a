//! How a change of the house is told to those who look at its history: how it was, how it became, and no password.

use serde_json::{Value, json};

use crate::store::HouseEdit;

/// The change as the pages and programs read it.
pub(super) fn show(edit: &HouseEdit) -> Value {
    let (before, after) = if edit.part.is_plant() { settings(edit) } else { (edit.before.clone(), edit.after.clone()) };
    json!({
        "id": edit.id, "kind": edit.part.name(), "subject": edit.subject, "at": edit.at.as_millis(), "by": edit.by_name,
        "before": before, "after": after, "undoes": edit.undoes,
    })
}

/// A queue or trunk is told in the words of the settings file, its password never.
fn settings(edit: &HouseEdit) -> (Value, Value) {
    let changed = edit.before["password"] != edit.after["password"];
    let flat = |state: &Value, new: bool| {
        let settings = state["settings"].as_str().and_then(|text| serde_json::from_str::<Value>(text).ok());
        let Some(Value::Object(mut shown)) = settings else { return Value::Null };
        if state["password"].is_string() {
            shown.insert("password".into(), json!(if new && changed { "*** (new)" } else { "***" }));
        }
        shown.insert("retired".into(), state["retired"].clone());
        Value::Object(shown)
    };
    (flat(&edit.before, false), flat(&edit.after, true))
}
