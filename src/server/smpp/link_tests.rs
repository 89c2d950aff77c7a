//! Small rules of the link.

use super::{meaning, reference, same_id};

#[test]
fn an_id_is_the_same_in_both_bases() {
    assert!(same_id("000000255").contains(&"ff".to_owned()) && same_id("FF").contains(&"255".to_owned()));
    assert_eq!(same_id("a-b"), ["a-b"]);
}

#[test]
fn a_message_keeps_its_number() {
    assert_eq!(reference("m1"), reference("m1"));
    assert_ne!(reference("m1"), reference("m2"));
    assert_eq!(meaning(0x58), "too fast (0x58)");
}
