//! Any text as menus.toml: findings instead of panics, and a script without findings can be told as a caller hears it.
#![no_main]

use dinetone_fuzz::domain::Language;
use dinetone_fuzz::house::House;
use dinetone_fuzz::ivr::script::Script;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let Ok(table) = text.parse::<toml::Table>() else { return };
    let (house, findings) = House::read(&table);
    if findings.is_empty() {
        let _ = house.catalogue();
    }
    let (script, findings) = Script::read(&table, &|id| !id.contains('x'), &["main.menu", "gen.bye"]);
    if findings.is_empty() {
        let _ = script.as_heard(Language::Mandarin, &|id| Some(id.to_owned()));
        let _ = script.outline();
        for line in script.lines() {
            let _ = script.node(script.start(&line.number));
        }
    }
});
