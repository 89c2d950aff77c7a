//! The shapes of the API's answers, read from `answers.txt` into its description.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

/// The shapes, as text.
const TEXT: &str = include_str!("answers.txt");

/// The schema of each operation's answer, by method and path, and those that several share, by name.
pub struct Answers {
    pub operations: BTreeMap<(String, String), Value>,
    pub shared: BTreeMap<String, Value>,
}

/// All of them; a line that cannot be read is passed over, and a test finds it.
#[must_use]
pub fn answers() -> Answers {
    let mut answers = Answers { operations: BTreeMap::new(), shared: BTreeMap::new() };
    for line in lines() {
        if let Some((name, text)) = line.split_once(" = ") {
            answers.shared.extend(whole(text).map(|shape| (name.to_owned(), shape)));
            continue;
        }
        let mut words = line.splitn(3, ' ');
        if let (Some(method), Some(path), Some(shape)) = (words.next(), words.next(), words.next().and_then(whole)) {
            answers.operations.insert((method.to_owned(), path.to_owned()), shape);
        }
    }
    answers
}

fn lines() -> impl Iterator<Item = &'static str> {
    TEXT.lines().filter(|line| !line.is_empty() && !line.starts_with('#'))
}

/// The shape that is this whole text.
fn whole(text: &str) -> Option<Value> {
    let mut rest = text.trim();
    shape(&mut rest).filter(|_| rest.is_empty())
}

/// One shape from the front of the text.
fn shape(text: &mut &str) -> Option<Value> {
    let mut found = if let Some(rest) = text.strip_prefix('[') {
        *text = rest;
        let items = shape(text)?;
        *text = text.strip_prefix(']')?;
        json!({ "type": "array", "items": items })
    } else if let Some(rest) = text.strip_prefix('{') {
        *text = rest;
        object(text)?
    } else {
        match word(text) {
            "" => return None,
            "text" => json!({ "type": "string" }),
            "time" => json!({ "type": "string", "format": "date-time" }),
            "int" => json!({ "type": "integer" }),
            "number" => json!({ "type": "number" }),
            "bool" => json!({ "type": "boolean" }),
            "any" => json!({}),
            name => json!({ "$ref": format!("#/components/schemas/{name}") }),
        }
    };
    if let Some(rest) = text.strip_prefix('?') {
        *text = rest;
        found = json!({ "oneOf": [found, { "type": "null" }] });
    }
    Some(found)
}

/// What stands between braces, and the closing one.
fn object(text: &mut &str) -> Option<Value> {
    let (mut properties, mut required, mut others) = (Map::new(), Vec::new(), json!(false));
    loop {
        *text = text.trim_start_matches([',', ' ']);
        if let Some(rest) = text.strip_prefix('}') {
            *text = rest;
            return Some(json!({ "type": "object", "properties": properties, "required": required, "additionalProperties": others }));
        }
        let any = text.strip_prefix('*');
        let name = match any {
            Some(rest) => {
                *text = rest;
                ""
            }
            None => word(text),
        };
        let optional = text.strip_prefix('?');
        *text = optional.unwrap_or(text).strip_prefix(": ")?;
        let inner = shape(text)?;
        if any.is_some() {
            others = if inner == json!({}) { json!(true) } else { inner };
        } else {
            if optional.is_none() {
                required.push(json!(name));
            }
            properties.insert(name.to_owned(), inner);
        }
    }
}

fn word<'a>(text: &mut &'a str) -> &'a str {
    let end = text.find(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '_')).unwrap_or(text.len());
    let (word, rest) = text.split_at(end);
    *text = rest;
    word
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{answers, lines, whole};

    #[test]
    fn every_line_is_read() {
        let all = answers();
        assert_eq!(all.operations.len() + all.shared.len(), lines().count());
    }

    #[test]
    fn a_shape_is_a_schema() {
        let object = json!({
            "type": "object",
            "properties": { "a": { "type": "integer" }, "b": { "oneOf": [{ "type": "string" }, { "type": "null" }] } },
            "required": ["a"],
            "additionalProperties": true,
        });
        assert_eq!(whole("[{a: int, b?: text?, *: any}]"), Some(json!({ "type": "array", "items": object })));
        assert_eq!(whole("Line"), Some(json!({ "$ref": "#/components/schemas/Line" })));
        for wrong in ["", "[text", "{a int}", "{a: }", "text text"] {
            assert_eq!(whole(wrong), None, "{wrong}");
        }
    }
}
