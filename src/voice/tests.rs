//! Phrases to sound and sound back to phrases, with a small voice of made-up noise.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use super::say::DigitOne;
use super::{Around, Library, Recogniser, Rendered, SoundBook, Sources, wave};
use crate::domain::{Arg, Catalogue, Category, Dish, Language, MenuNumber, Money, Phrase, RecordingId};
use crate::machine::Ids;
use crate::media::clip::{Clip, ClipBytes, FRAME, Piece};

const CATALOGUE: &str = "id\tzh\ten
greet.open\t欢迎致电。\tWelcome.
order.dish_qty\t{num}号，{dish}，每份{money}。请输入份数。\tNumber {num}, {dish}, {money} each. How many?
order.line_added\t{dish}，{qty}，{money}。\t{dish}, {qty}, {money}.
order.ask_next\t请输入下一道菜。\tEnter the next dish.
order.sum_head\t您一共点了{n}道菜。\tYou have ordered {n} dishes.
order.repeat_offer\t您上次点的是{dish_list}，一共{money}。\tLast time you ordered {dish_list}, {money}.
mem.readback\t会员号{digits}。\tMember number {digits}.
only.chinese\t只有中文。\tOnly Chinese.
addr.pick\t送到{addr}，请按{key}。\tTo {addr}, press {key}.
addr.recorded\t您录的地址\tthe address you recorded
addr.label.home\t家\thome
";

/// A clip of noise that no other clip has, as a WAV file.
fn noise(seed: usize, frames: usize) -> Vec<u8> {
    let mut ids = Ids::seeded(seed as u128 + 1);
    wave::wrap(&(0..frames * FRAME / 8).flat_map(|_| ids.next_u64().to_le_bytes()).collect::<Vec<_>>())
}

/// A shipped tree with a clip for each line of these indexes.
fn shipped() -> HashMap<String, Vec<u8>> {
    let zh = "ui greet.open 欢迎致电。|ui order.dish_qty.1 号，|ui order.dish_qty.2 ，每份|ui order.dish_qty.3 。请输入份数。|ui order.ask_next 请输入下一道菜。\
        |ui order.sum_head.1 您一共点了|ui order.sum_head.2 道菜。|ui order.repeat_offer.1 您上次点的是|ui order.repeat_offer.2 ，一共|ui mem.readback.1 会员号\
        |ui only.chinese 只有中文。|ui addr.pick.1 送到|ui addr.pick.2 ，请按|ui addr.recorded 您录的地址|ui addr.label.home 家\
        |say n1 一|say n2 二|say n2l 两|say n18 十八|say y38 三十八元|say y76 七十六元|say p2 两份|say hao 号|say d1m 一|say d1f 一|say dym 幺|say dyf 幺\
        |say d0m 零|say d2m 二|say d9m 九|say d3m 三|say d8f 八|name dish-18 宫保鸡丁|name dish-19 鱼香肉丝|name address-caoxi 漕溪北路八十八号";
    let en = "ui greet.open Welcome.|ui order.dish_qty.1 Number |ui order.dish_qty.2  each. How many?|ui order.ask_next Enter the next dish.\
        |say n18 eighteen|say y38 thirty eight yuan|name dish-18 Kung Pao chicken|name dish-20 Mapo tofu";
    let mut files = HashMap::from([("catalogue.tsv".to_owned(), CATALOGUE.as_bytes().to_vec())]);
    for (folder, rows) in [("zh-CN", zh), ("en", en), ("sound", "sound beep tone")] {
        let mut index = "file\tkind\tkey\ttext\n".to_owned();
        for row in rows.split('|') {
            let (kind, rest) = row.split_once(' ').expect("a kind");
            let (key, text) = rest.split_once(' ').expect("a key");
            index += &format!("{kind}/{key}.wav\t{kind}\t{key}\t{text}\n");
            files.insert(format!("{folder}/{kind}/{key}.wav"), noise(files.len(), 12));
        }
        files.insert(format!("{folder}/index.tsv"), index.into_bytes());
    }
    files
}

fn library_of(own: Vec<(String, Vec<u8>)>) -> (Library, Vec<crate::domain::Finding>) {
    let files = Arc::new(shipped());
    let fetch = move |path: &str| files.get(path).cloned().map(Cow::Owned);
    Library::load(Sources { shipped: Arc::new(fetch), own, decode: |_| Err("not sound".into()) }, DigitOne::Yao)
}

fn library() -> Library {
    let (library, findings) = library_of(Vec::new());
    assert_eq!(findings, []);
    library
}

fn number(number: u16) -> MenuNumber {
    MenuNumber::new(number).expect("in range")
}

fn dish(at: u16, zh: &str, en: &str) -> (MenuNumber, Dish) {
    let dish = Dish {
        number: number(at),
        zh: zh.into(),
        en: en.into(),
        reading: None,
        price: Money::yuan(38),
        size_price: None,
        category: String::new(),
        options: Vec::new(),
        served: None,
        new_until: None,
        alternative: None,
        points: None,
        retired: false,
    };
    (number(at), dish)
}

fn house() -> Catalogue {
    let dishes = [
        dish(18, "宫保鸡丁", "Kung Pao chicken"),
        dish(19, "鱼香肉丝", "Shredded pork"),
        dish(20, "麻婆豆腐", "Mapo tofu"),
        dish(2, "新菜", "New dish"),
    ];
    Catalogue {
        dishes: dishes.into(),
        categories: vec![Category { id: "hot".into(), zh: "热菜".into(), en: "Hot".into() }],
        ..Catalogue::default()
    }
}

fn render_in(library: &Library, language: Language, phrases: &[Phrase]) -> Rendered {
    let recording = |id: &RecordingId| (id.as_str() == "r1").then(|| Arc::new(Clip::new("r1", ClipBytes::Shared(vec![0x11; 800].into()))));
    library.render(language, phrases, &Around { names: &house(), recordings: &recording })
}

fn render(library: &Library, phrases: &[Phrase]) -> Rendered {
    render_in(library, Language::Mandarin, phrases)
}

/// `clip 3 clip …`: names without their folder, gaps in frames, without the pause after the last sentence.
fn row(rendered: &Rendered) -> String {
    let piece = |piece: &Piece| match piece {
        Piece::Clip(clip) => clip.name().rsplit('/').next().unwrap_or_default().to_owned(),
        Piece::Gap(frames) => frames.to_string(),
    };
    let pieces = match rendered.pieces.as_ref() {
        [row @ .., Piece::Gap(22)] => row,
        row => row,
    };
    pieces.iter().map(piece).collect::<Vec<_>>().join(" ")
}

fn dish_qty() -> Phrase {
    Phrase::plain("order.dish_qty")
        .with("num", Arg::DishNumber(number(18)))
        .with("dish", Arg::Dish(number(18)))
        .with("money", Arg::Money(Money::yuan(38)))
}

fn line_added() -> Phrase {
    Phrase::plain("order.line_added")
        .with("dish", Arg::Dish(number(18)))
        .with("qty", Arg::Quantity(2))
        .with("money", Arg::Money(Money::yuan(76)))
}

#[test]
fn a_prompt_is_joined_with_its_values() {
    let said = render(&library(), &[dish_qty()]);
    assert_eq!(said.text, "十八号，宫保鸡丁，每份三十八元。请输入份数。");
    assert_eq!(row(&said), "n18 3 order.dish_qty.1 12 dish-18 12 order.dish_qty.2 3 y38 22 order.dish_qty.3");
    assert_eq!((said.missing.as_slice(), said.prompts.as_slice()), ([].as_slice(), ["order.dish_qty".to_owned()].as_slice()));
}

#[test]
fn a_prompt_of_slots_only_has_its_commas_and_a_stop_before_the_next() {
    let said = render(&library(), &[line_added(), Phrase::plain("order.ask_next")]);
    assert_eq!(said.text, "宫保鸡丁，两份，七十六元。请输入下一道菜。");
    assert_eq!(row(&said), "dish-18 12 p2 12 y76 22 order.ask_next");
}

#[test]
fn a_sentence_keeps_its_pause_when_something_else_is_said_next() {
    let last = |phrase: Phrase| render(&library(), &[phrase]).pieces.last().map(Piece::frames);
    assert_eq!(last(Phrase::plain("greet.open")), Some(22));
    assert_eq!(last(Phrase::plain("addr.label.home")), Some(12), "a word inside a sentence has none");
}

#[test]
fn digits_have_groups_and_fall_at_the_end() {
    let said = render(&library(), &[Phrase::plain("mem.readback").with("digits", Arg::Digits("102938".into()))]);
    assert_eq!(said.text, "会员号幺零二九三八。");
    assert_eq!(row(&said), "mem.readback.1 3 dym 1 d0m 1 d2m 9 d9m 1 d3m 1 d8f");
}

#[test]
fn two_is_liang_before_a_measure_word() {
    let said = render(&library(), &[Phrase::plain("order.sum_head").with("n", Arg::Number(2))]);
    assert_eq!((said.text.as_str(), row(&said).as_str()), ("您一共点了两道菜。", "order.sum_head.1 3 n2l 3 order.sum_head.2"));
}

#[test]
fn a_key_is_yi_and_never_yao() {
    let caoxi = Arg::Address { clip: Some("address-caoxi".into()), recording: None, label: "家".into() };
    let said = render(&library(), &[Phrase::plain("addr.pick").with("addr", caoxi).with("key", Arg::Key(1))]);
    assert_eq!(
        (said.text.as_str(), row(&said).as_str()),
        ("送到漕溪北路八十八号，请按一。", "addr.pick.1 3 address-caoxi 12 addr.pick.2 3 d1f")
    );
}

#[test]
fn an_address_is_spoken_by_clip_recording_or_label() {
    let pick = |recording: Option<&str>, label: &str| {
        let addr = Arg::Address { clip: None, recording: recording.map(RecordingId::new), label: label.into() };
        row(&render(&library(), &[Phrase::plain("addr.pick").with("addr", addr).with("key", Arg::Key(1))]))
    };
    assert_eq!(pick(Some("r1"), "家"), "addr.pick.1 3 r1 12 addr.pick.2 3 d1f");
    assert_eq!(pick(Some("gone"), "家"), "addr.pick.1 3 addr.label.home 12 addr.pick.2 3 d1f");
    assert_eq!(pick(None, "奶奶家"), "addr.pick.1 3 addr.recorded 12 addr.pick.2 3 d1f");
}

#[test]
fn several_dishes_are_named_in_a_row_while_no_prompt_counts_them() {
    let phrase = Phrase::plain("order.repeat_offer")
        .with("dish_list", Arg::Dishes(vec![number(18), number(19)]))
        .with("money", Arg::Money(Money::yuan(38)));
    let said = render(&library(), &[phrase]);
    assert_eq!(said.text, "您上次点的是宫保鸡丁、鱼香肉丝，一共三十八元。");
    assert_eq!(row(&said), "order.repeat_offer.1 3 dish-18 12 dish-19 12 order.repeat_offer.2 3 y38");
}

#[test]
fn c32_what_one_language_lacks_is_said_in_the_other() {
    let said = render_in(&library(), Language::English, &[Phrase::plain("only.chinese")]);
    assert_eq!((row(&said).as_str(), said.text.as_str(), said.missing.is_empty()), ("only.chinese", "只有中文。", true));
    // A dish name too, inside an otherwise Chinese sentence.
    let line = Phrase::plain("order.line_added")
        .with("dish", Arg::Dish(number(20)))
        .with("qty", Arg::Quantity(2))
        .with("money", Arg::Money(Money::yuan(76)));
    assert_eq!(row(&render(&library(), &[line])), "dish-20 12 p2 12 y76");
}

#[test]
fn c32_a_name_without_a_clip_is_read_by_its_number() {
    let line = Phrase::plain("order.line_added")
        .with("dish", Arg::Dish(number(2)))
        .with("qty", Arg::Quantity(2))
        .with("money", Arg::Money(Money::yuan(76)));
    let said = render(&library(), &[line]);
    assert_eq!((row(&said).as_str(), said.text.as_str()), ("n2 1 hao 12 p2 12 y76", "新菜，两份，七十六元。"));
    assert_eq!(said.missing, ["zh-CN/name/dish-2"]);
}

#[test]
fn c32_a_clip_of_another_name_is_not_played_for_a_renamed_dish() {
    let mut house = house();
    house.dishes.get_mut(&number(18)).expect("is there").zh = "辣子鸡".into();
    house.dishes.get_mut(&number(18)).expect("is there").en = "Chicken with chili".into();
    let library = library();
    let said = library.render(Language::Mandarin, &[line_added()], &Around { names: &house, recordings: &|_| None });
    assert_eq!(row(&said), "n18 1 hao 12 p2 12 y76");
}

#[test]
fn c32_what_is_missing_everywhere_is_told_and_short() {
    let said = render(
        &library(),
        &[Phrase::plain("no.such"), Phrase::plain("greet.open"), Phrase::plain("order.sum_head").with("n", Arg::Number(777))],
    );
    assert_eq!(said.missing, ["no.such", "七百七十七"]);
    assert_eq!(row(&said), "greet.open 22 order.sum_head.1 10 order.sum_head.2");
    assert!(!render(&library(), &[]).pieces.is_empty());
}

#[test]
fn c32_the_operators_own_file_wins_and_a_broken_one_is_told() {
    let own = vec![
        ("zh-CN/ui/greet.open.wav".to_owned(), noise(900, 5)),
        ("zh-CN/name/dish-2.wav".to_owned(), noise(901, 5)),
        ("zh-CN/ui/order.ask_next.wav".to_owned(), b"no sound".to_vec()),
        ("zh-CN/say/mine.wav".to_owned(), noise(902, 5)),
    ];
    let (library, findings) = library_of(own);
    let places: Vec<&str> = findings.iter().map(|finding| finding.place.as_str()).collect();
    assert_eq!(places, ["zh-CN/ui/order.ask_next.wav", "zh-CN/say/mine.wav"]);
    let said = render(&library, &[Phrase::plain("greet.open"), Phrase::plain("order.line_added").with("dish", Arg::Dish(number(2)))]);
    assert_eq!(said.pieces[0].frames(), 5);
    assert!(row(&said).contains("dish-2"), "{}", row(&said));
    let checked = library.check(["order.ask_next", "greet.open", "no.such"]);
    let places: Vec<&str> = checked.iter().map(|finding| finding.place.as_str()).collect();
    assert_eq!(places, ["zh-CN/ui/order.ask_next.wav", "prompt no.such"]);
}

#[test]
fn c32_check_tells_what_one_language_lacks() {
    let findings = library().check(["only.chinese", "mem.readback", "greet.open"]);
    let places: Vec<&str> = findings.iter().map(|finding| finding.place.as_str()).collect();
    assert_eq!(places, ["en/ui/only.chinese.wav", "en/ui/mem.readback.1.wav"]);
    assert_eq!(library().slots("order.dish_qty"), ["num", "dish", "money"]);
    assert!(library().sound("beep").is_some() && library().sound("hold").is_none());
}

#[test]
fn c32_the_shipped_voice_has_every_prompt_and_every_value() {
    let (library, findings) = Library::load(Sources::shipped(Vec::new()), DigitOne::Yao);
    assert_eq!(findings, []);
    let list = library.list();
    assert!(list.len() > 150);
    assert_eq!(library.check(list.iter().map(|prompt| prompt.id.as_str())), []);
    assert_eq!(library.check_values(), []);
    assert!(library.sound("beep").is_some() && library.sound("hold").is_some());
}

#[test]
fn c31_digits_are_spoken_two_by_two_where_a_clip_of_both_is_there() {
    let (library, _) = Library::load(Sources::shipped(Vec::new()), DigitOne::Yao);
    let house = Catalogue::default();
    let around = Around { names: &house, recordings: &|_| None };
    let phrase = Phrase::plain("phone.readback").with("digits", Arg::Digits("13800138000".into()));
    let rendered = library.render(Language::Mandarin, &[phrase], &around);
    let spoken = rendered.pieces.iter().filter(|piece| matches!(piece, Piece::Clip(_))).count();
    assert!(rendered.text.contains("幺三八零零幺三八零零零"), "{}", rendered.text);
    // The words before, then 幺三·八, 零零·幺三, 八零·零零.
    assert_eq!((spoken, rendered.missing.len()), (7, 0));
}

#[test]
fn c32_names_and_values_without_clips_are_found() {
    let places: Vec<String> = library().check_house(&house()).into_iter().map(|finding| finding.place).collect();
    // The Chinese 麻婆豆腐 and 热菜, the English clips of 18 and 20 are there.
    assert_eq!(
        places,
        [
            "zh-CN/name/dish-2.wav",
            "en/name/dish-2.wav",
            "en/name/dish-19.wav",
            "zh-CN/name/dish-20.wav",
            "zh-CN/name/category-hot.wav",
            "en/name/category-hot.wav",
        ]
    );
    assert_eq!(library().check_values().len(), 12);
}

#[test]
fn a_broken_index_is_told_and_the_rest_is_used() {
    let (library, findings) = library_of(vec![
        ("zh-CN/index.tsv".into(), "a\tb\nx.wav\tmusic\tk\tt\n".into()),
        ("catalogue.tsv".into(), "greet.open\t改了。\tChanged.\n".into()),
    ]);
    assert_eq!(findings.len(), 2, "{findings:?}");
    assert_eq!(library.text("greet.open", Language::Mandarin), Some("改了。"));
    assert!(library.check(["greet.open"])[0].found.contains("speaks"), "the old recording does not say the new text");
}

/// What a caller's phone receives: one payload for each frame; gaps are silence.
fn frames(rendered: &Rendered, mulaw: bool) -> Vec<Vec<u8>> {
    let mut sent = Vec::new();
    for piece in rendered.pieces.iter() {
        match piece {
            Piece::Clip(clip) => sent.extend(if mulaw { clip.mulaw() } else { clip.alaw() }.chunks(FRAME).map(<[u8]>::to_vec)),
            Piece::Gap(gap) => sent.extend(std::iter::repeat_n(vec![0xd5; FRAME], usize::from(*gap))),
        }
    }
    sent
}

fn story() -> [Phrase; 4] {
    [Phrase::plain("greet.open"), dish_qty(), line_added(), Phrase::plain("order.ask_next")]
}

fn hear(mulaw: bool, keep: impl Fn(usize) -> bool) -> (String, Vec<String>) {
    let library = library();
    let sent = frames(&render(&library, &story()), mulaw);
    let mut ear = Recogniser::new(Arc::new(SoundBook::new(&library)), mulaw);
    for (at, payload) in sent.iter().enumerate().filter(|(at, _)| keep(*at)) {
        ear.frame(1000 + at as i64, payload);
    }
    let heard = ear.since(0);
    (ear.book().words(&heard), ear.book().prompts(&heard).into_iter().map(|(id, _)| id).collect())
}

#[test]
fn c35_what_was_rendered_is_heard_again_word_for_word() {
    for mulaw in [false, true] {
        let (words, prompts) = hear(mulaw, |_| true);
        assert_eq!(words, "欢迎致电。十八号，宫保鸡丁，每份三十八元。请输入份数。宫保鸡丁，两份，七十六元。请输入下一道菜。");
        assert_eq!(prompts, ["greet.open", "order.dish_qty", "order.line_added", "order.ask_next"]);
    }
}

#[test]
fn c35_it_is_heard_through_thirty_per_cent_loss() {
    let perfect = hear(false, |_| true);
    for seed in 0..20 {
        let lost: Vec<bool> = {
            let mut ids = Ids::seeded(seed);
            (0..400).map(|_| ids.below(10) < 3).collect()
        };
        let (words, prompts) = hear(false, |at| !lost[at]);
        assert_eq!((words.replace('…', ""), prompts), (perfect.0.clone(), perfect.1.clone()), "seed {seed}");
    }
}

#[test]
fn c35_a_cut_prompt_is_heard_as_cut() {
    let (words, prompts) = hear(false, |at| at < 5);
    assert_eq!((words.as_str(), prompts.as_slice()), ("欢迎致电。…", ["greet.open".to_owned()].as_slice()));
}

#[test]
fn c35_strange_sound_is_nothing() {
    let mut ear = Recogniser::new(Arc::new(SoundBook::new(&library())), false);
    let mut ids = Ids::seeded(77);
    for at in 0..500 {
        let payload: Vec<u8> = (0..20).flat_map(|_| ids.next_u64().to_le_bytes()).collect();
        assert!(!ear.frame(at, &payload) && !ear.frame(at, &[0xd5; FRAME]) && !ear.frame(at, &[1, 2, 3]));
    }
    assert!(ear.heard().is_empty());
}

#[test]
fn c35_the_same_prompt_twice_is_heard_twice() {
    let library = library();
    let sent = frames(&render(&library, &[Phrase::plain("greet.open"), Phrase::plain("greet.open"), line_added(), line_added()]), false);
    let mut ear = Recogniser::new(Arc::new(SoundBook::new(&library)), false);
    for (at, payload) in sent.iter().enumerate() {
        ear.frame(at as i64, payload);
    }
    let prompts = ear.book().prompts(&ear.since(0));
    let ids: Vec<&str> = prompts.iter().map(|(id, _)| id.as_str()).collect();
    assert_eq!(ids, ["greet.open", "greet.open", "order.line_added", "order.line_added"]);
}
