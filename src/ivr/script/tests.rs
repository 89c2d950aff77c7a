//! What the reader refuses, and how it says so.

use super::{Kind, Script};
use crate::domain::{Finding, Language};

fn findings(text: &str) -> Vec<Finding> {
    Script::read(&text.parse().expect("it is TOML"), &|prompt| !prompt.contains("missing"), &[]).1
}

#[track_caller]
fn refused(text: &str, place: &str, words: &str) {
    let findings = findings(text);
    assert!(
        findings.iter().any(|finding| finding.place.contains(place) && finding.to_string().contains(words)),
        "no finding at {place} with {words}: {findings:#?}"
    );
}

const GOOD: &str = r##"
start = "main"
[[line]]
number = "1000"
start = "main"
brand = "Noodles"
language = "en"
[node.main]
say = ["main.menu"]
keys = { "1" = "hours", "2" = "code" }
otherwise = "bye"
[node.hours]
say = ["hours"]
then = "bye"
[node.code]
say = ["code"]
collect = { into = "code", digits = "1-4", end = "#" }
then = "bye"
otherwise = "bye"
wait = "3s"
tries = 2
[node.bye]
kind = "hangup"
"##;

#[test]
fn c11_a_good_file_is_read_without_a_word() {
    assert_eq!(findings(GOOD), []);
    let (script, _) = Script::read(&GOOD.parse().unwrap(), &|_| true, &[]);
    let line = script.line("1000").unwrap();
    assert_eq!((line.brand.as_deref(), line.language), (Some("Noodles"), Some(Language::English)));
    assert!(script.line("2000").is_none());
    assert_eq!(script.node(script.start("2000")).name, "main");
    assert_eq!(script.node(script.home()).kind, Kind::Menu);
}

#[test]
fn c11_the_shipped_file_and_the_benches_are_good() {
    let prompts = include_str!("../../../prompts/catalogue.tsv");
    let exists = |id: &str| prompts.lines().any(|line| line.split('\t').next() == Some(id));
    for text in [include_str!("../../../menus.toml"), include_str!("../../../benches/menus.toml")] {
        let (_, findings) = Script::read(&text.parse().unwrap(), &exists, &[]);
        assert_eq!(findings, []);
    }
}

#[test]
fn c11_a_name_that_leads_nowhere_is_told_with_the_one_that_was_meant() {
    refused(&GOOD.replace("\"2\" = \"code\"", "\"2\" = \"cods\""), "node main.keys.2", "did you mean \"code\"");
    refused(&GOOD.replace("then = \"bye\"\n[node.code]", "then = \"away\"\n[node.code]"), "node hours.then", "no node \"away\"");
    refused(&GOOD.replace("start = \"main\"\n[[line]]", "start = \"mian\"\n[[line]]"), "start", "did you mean \"main\"");
    refused(&GOOD.replace("wait = \"3s\"", "wiat = \"3s\""), "node code.wiat", "did you mean \"wait\"");
    refused(&GOOD.replace("wait = \"3s\"", "wait = 3"), "node code.wait", "write a time");
    refused(&GOOD.replace("kind = \"hangup\"", "kind = \"hangpu\""), "node bye.kind", "did you mean \"hangup\"");
    refused("dialoge = 1\nstart = \"x\"\n[node.x]\nkind = \"hangup\"", "dialoge", "did you mean \"dialogue\"");
}

#[test]
fn c32_a_prompt_that_cannot_be_played_is_a_finding() {
    refused(&GOOD.replace("say = [\"hours\"]", "say = [\"missing.one\"]"), "node hours.say", "no prompt \"missing.one\"");
}

#[test]
fn c32_a_misspelt_prompt_is_told_with_the_one_that_was_meant() {
    let cure = |written: &str| {
        let known = ["hours", "main.menu", "code"];
        let text = GOOD.replace("say = [\"hours\"]", &format!("say = [\"{written}\"]"));
        let (_, findings) = Script::read(&text.parse().unwrap(), &|id| known.contains(&id), &known);
        assert_eq!(findings.len(), 1, "{findings:#?}");
        findings[0].to_string()
    };
    assert!(cure("huors").contains("did you mean \"hours\""), "{}", cure("huors"));
    assert!(cure("main.menü").contains("did you mean \"main.menu\""), "{}", cure("main.menü"));
    assert!(cure("opening.times").contains("name a prompt of the catalogue"), "{}", cure("opening.times"));
}

#[test]
fn c14_no_silent_caller_is_trapped() {
    refused(&GOOD.replace("otherwise = \"bye\"\n[node.hours]", "[node.hours]"), "node main.otherwise", "missing");
    refused(
        &GOOD.replace("say = [\"hours\"]\nthen = \"bye\"", "say = [\"hours\"]\nthen = \"hours\""),
        "node hours",
        "for ever: hours → hours",
    );
    refused(
        &GOOD
            .replace("otherwise = \"bye\"\n[node.hours]", "otherwise = \"hours\"\n[node.hours]")
            .replace("then = \"bye\"\n[node.code]", "then = \"main\"\n[node.code]"),
        "node",
        "for ever",
    );
    refused(
        &GOOD.replace("say = [\"hours\"]\nthen = \"bye\"", "kind = \"loop\"\nsay = [\"hours\"]\nthen = \"bye\""),
        "node hours.for",
        "missing",
    );
    let bounded = GOOD.replace("say = [\"hours\"]\nthen = \"bye\"", "kind = \"loop\"\nfor = \"2m\"\nsay = [\"hours\"]\nthen = \"bye\"");
    assert_eq!(findings(&bounded), []);
}

#[test]
fn c16_the_four_fixed_keys_keep_their_meaning() {
    refused(&GOOD.replace("\"2\" = \"code\"", "\"2\" = \"code\", \"9\" = \"bye\""), "keys.9", "repeats");
    refused(&GOOD.replace("\"2\" = \"code\"", "\"2\" = \"code\", \"#\" = \"bye\""), "keys.#", "confirms");
    refused(&GOOD.replace("\"2\" = \"code\"", "\"2\" = \"code\", \"0\" = \"bye\""), "keys.0", "agent");
    refused(&GOOD.replace("\"2\" = \"code\"", "\"2\" = \"code\", \"*\" = \"bye\""), "keys.*", "back");
    refused(&GOOD.replace("\"2\" = \"code\"", "\"2\" = \"code\", \"x\" = \"bye\""), "keys.x", "not a key");
}

#[test]
fn menus_are_short_numbered_without_gaps_and_not_deep() {
    refused(&GOOD.replace("\"2\" = \"code\"", "\"3\" = \"code\""), "node main.keys", "3 where 2");
    let six = r#"{ "1" = "bye", "2" = "bye", "3" = "bye", "4" = "bye", "5" = "hours", "6" = "code" }"#;
    refused(&GOOD.replace(r#"{ "1" = "hours", "2" = "code" }"#, six), "node main.keys", "6 choices");
    let mut deep = String::from("start = \"n0\"\n[node.bye]\nkind = \"hangup\"\n");
    for level in 0..5 {
        let next = if level == 4 { "bye".to_owned() } else { format!("n{}", level + 1) };
        deep += &format!("[node.n{level}]\nsay = [\"x\"]\nkeys = {{ \"1\" = \"{next}\" }}\notherwise = \"bye\"\n");
    }
    refused(&deep, "node n4", "4 levels");
}

#[test]
fn a_node_that_nobody_reaches_is_told() {
    refused(&format!("{GOOD}\n[node.attic]\nsay = [\"x\"]\nthen = \"bye\""), "node attic", "no caller ever gets here");
}

#[test]
fn c14_a_trap_a_missing_prompt_and_a_misspelt_name_are_told_together() {
    let many = GOOD
        .replace("\"2\" = \"code\"", "\"2\" = \"cods\"")
        .replace("say = [\"hours\"]\nthen = \"bye\"", "say = [\"hourz\"]\nthen = \"hours\"");
    let (_, findings) = Script::read(&many.parse().unwrap(), &|prompt| prompt != "hourz", &[]);
    let told: Vec<String> = findings.iter().map(ToString::to_string).collect();
    assert_eq!(told.len(), 3, "{told:#?}");
    for part in ["cods", "no prompt \"hourz\"", "goes round for ever: hours → hours"] {
        assert!(told.iter().any(|told| told.contains(part)), "{part} in {told:#?}");
    }
}

#[test]
fn all_faults_come_at_once_and_a_strange_file_is_no_panic() {
    let many = GOOD.replace("\"code\" }", "\"cods\" }").replace("\"3s\"", "\"3\"").replace("tries = 2", "tries = 20");
    assert_eq!(findings(&many).len(), 3, "{:#?}", findings(&many));
    for strange in [
        "",
        "start = 1",
        "node = 3\nstart = \"x\"",
        "[node]\nx = 1",
        "[[node]]\n",
        "[line]\n",
        "dialogue = []\n[node.\"\"]\nkind=\"hangup\"",
    ] {
        let _ = findings(strange);
    }
}

#[test]
fn the_tree_is_printed_as_a_caller_hears_it() {
    let (script, _) = Script::read(&GOOD.parse().unwrap(), &|_| true, &[]);
    let heard = script.as_heard(Language::Mandarin, &|prompt| (prompt == "main.menu").then(|| "点餐请按1".to_owned()));
    assert!(heard.starts_with("☎ 1000 Noodles (zh-CN)\n☎ every other number"), "{heard}");
    for words in ["main [menu]", "点餐请按1", "1 → hours", "(hours is missing)", "otherwise → bye"] {
        assert!(heard.contains(words), "{words} in {heard}");
    }
    let outline = script.outline();
    assert_eq!(outline.len(), 4);
    assert_eq!(outline[0].keys.len(), 2);
}

#[test]
fn the_example_of_the_reference_is_good() {
    let page = include_str!("../../../docs/menus.md");
    let example = page.split("```toml\n").nth(1).and_then(|rest| rest.split("```").next()).expect("the page has an example");
    assert_eq!(findings(example), []);
}

#[test]
fn c99_nine_repeats_everywhere_but_where_it_ends_all_campaigns() {
    let flow = |target: &str| {
        format!(
            "{GOOD}\n[node.promo]\ncampaign = true\nsay = [\"promo\"]\nkeys = {{ \"1\" = \"main\", \"9\" = \"{target}\" }}\notherwise = \"bye\"\n[node.no_more]\nkind = \"unsubscribe\"\n"
        )
    };
    refused(&flow("bye"), "node promo.keys.9", "unsubscribe");
    let (script, findings) = Script::read(&flow("no_more").parse().expect("it is TOML"), &|_| true, &[]);
    assert!(findings.is_empty(), "no caller need get to a campaign's node: {findings:#?}");
    let start = script.campaign("promo").expect("campaigns begin here");
    assert!(script.can_unsubscribe(start) && script.campaign("main").is_none());
    // A flow that cannot be ended is told from one that can.
    let trap = format!("{GOOD}\n[node.trap]\ncampaign = true\nsay = [\"promo\"]\nthen = \"bye\"\n");
    let (script, findings) = Script::read(&trap.parse().expect("it is TOML"), &|_| true, &[]);
    assert!(findings.is_empty(), "{findings:#?}");
    assert!(!script.can_unsubscribe(script.campaign("trap").expect("is there")));
    assert_eq!(Kind::from_name("unsubscribe"), Some(Kind::Unsubscribe));
}
