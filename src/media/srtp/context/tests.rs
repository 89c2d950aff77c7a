//! The vectors of RFC 3711 and of libsrtp, then replay, roll-over and forgery.

use super::*;

fn hex(text: &str) -> Vec<u8> {
    let text: String = text.split_whitespace().collect();
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

fn master() -> MasterKey {
    MasterKey(hex("E1F97A0D3E018BE0D64FA32C06DE4139 0EC675AD498AFEEBB6960B3AABE6").try_into().unwrap())
}

fn packet(sequence: u16, payload: &[u8]) -> Vec<u8> {
    let mut packet = vec![0; 12];
    crate::media::rtp::write_header(packet.first_chunk_mut().unwrap(), false, 8, sequence, u32::from(sequence) * 160, 0xCAFE_BABE);
    packet.extend_from_slice(payload);
    packet
}

fn sealed(context: &mut Context, packet: &[u8]) -> Vec<u8> {
    let mut bytes = packet.to_vec();
    bytes.resize(packet.len() + OVERHEAD, 0);
    let length = context.seal(&mut bytes, packet.len()).unwrap();
    bytes.truncate(length);
    bytes
}

fn opened(context: &mut Context, packet: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = packet.to_vec();
    let length = context.open(&mut bytes)?;
    bytes.truncate(length);
    Some(bytes)
}

#[test]
fn keys_are_derived_as_in_rfc_3711_b_3() {
    let master = master();
    let cipher = cipher(&master.0[..16]).unwrap();
    for (label, expected) in
        [(0, "C61E7A93744F39EE10734AFE3FF7A087"), (2, "30CBBC08863D8C85D49DB34A9AE1"), (1, "CEBE321F6FF7716B6FD4AB49AF256A156D38BAA4")]
    {
        let expected = hex(expected);
        let mut block = [0; 16];
        block[..14].copy_from_slice(&master.0[16..]);
        block[7] ^= label;
        let mut drawn = vec![0; expected.len()];
        stream(&cipher, block, &mut drawn).unwrap();
        assert_eq!(drawn, expected);
    }
}

#[test]
fn the_key_stream_is_that_of_rfc_3711_b_2() {
    let cipher = cipher(&hex("2B7E151628AED2A6ABF7158809CF4F3C")).unwrap();
    let salt = hex("F0F1F2F3F4F5F6F7F8F9FAFBFCFD").try_into().unwrap();
    let keys = Keys { cipher, salt, proof: hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &[0; 20]) };
    let mut bytes = [0; 32];
    keys.crypt(0, 0, &mut bytes).unwrap();
    assert_eq!(bytes.to_vec(), hex("E03EAD0935C95E80E166B16DD92B4EB4 D23513162B02D0F72A43A2FE4A5F97AB"));
}

#[test]
fn packets_are_sealed_and_opened_as_libsrtp_does() {
    let clear = hex("800f1234 decafbad cafebabe abababab abababab abababab abababab");
    let closed = hex("800f1234 decafbad cafebabe 4e55dc4c e79978d8 8ca4d215 949d2402 b78d6acc 99ea179b 8dbb");
    let (mut ours, mut theirs) =
        (Context::new(Suite::Aes128Sha1Tag80, &master()).unwrap(), Context::new(Suite::Aes128Sha1Tag80, &master()).unwrap());
    assert_eq!(sealed(&mut ours, &clear), closed);
    assert_eq!(opened(&mut theirs, &closed), Some(clear));
    let clear = hex("81c8000b cafebabe abababab abababab abababab abababab");
    let closed = hex("81c8000b cafebabe 7128035b e487b9bd bef89041 f977a5a8 80000001 993e08cd 54d6c1230798");
    let mut bytes = clear.clone();
    bytes.resize(clear.len() + OVERHEAD, 0);
    assert_eq!(ours.seal_rtcp(&mut bytes, clear.len()), Some(closed.len()));
    assert_eq!(bytes, closed);
    assert_eq!(theirs.open_rtcp(&mut bytes), Some(clear.len()));
    assert_eq!(bytes[..clear.len()], clear);
    assert_eq!(theirs.open_rtcp(&mut closed.clone()), None, "a second time it is a replay");
}

#[test]
fn numbers_roll_over_and_nothing_is_taken_twice() {
    for suite in [Suite::Aes128Sha1Tag80, Suite::Aes128Sha1Tag32] {
        let (mut ours, mut theirs) = (Context::new(suite, &master()).unwrap(), Context::new(suite, &master()).unwrap());
        let mut sequence = 65_000_u16;
        for turn in 0..140_000_u32 {
            sequence = sequence.wrapping_add(1);
            let clear = packet(sequence, &turn.to_be_bytes());
            let closed = sealed(&mut ours, &clear);
            // Every tenth is lost.
            if turn % 10 != 0 {
                assert_eq!(opened(&mut theirs, &closed), Some(clear), "{turn}");
                assert_eq!(opened(&mut theirs, &closed), None, "{turn} twice");
            }
        }
        assert_eq!(theirs.streams[0].highest >> 16, 3);
    }
}

#[test]
fn late_packets_are_taken_within_the_window_also_across_a_roll_over() {
    let (mut ours, mut theirs) =
        (Context::new(Suite::Aes128Sha1Tag80, &master()).unwrap(), Context::new(Suite::Aes128Sha1Tag80, &master()).unwrap());
    let closed: Vec<Vec<u8>> = (0..100_u16).map(|turn| sealed(&mut ours, &packet(65_486_u16.wrapping_add(turn), &[1, 2, 3]))).collect();
    for (place, packet) in closed.iter().enumerate().filter(|(place, _)| place % 40 != 20) {
        assert!(opened(&mut theirs, packet).is_some(), "{place}");
    }
    assert_eq!(opened(&mut theirs, &closed[20]), None, "older than the window");
    assert!(opened(&mut theirs, &closed[60]).is_some(), "late");
    assert_eq!(opened(&mut theirs, &closed[60]), None);
}

proptest::proptest! {
    #[test]
    fn forged_and_cut_packets_are_refused_and_leave_the_stream_alone(place in 0_usize..1_000, byte in 1_u8.., cut in 0_usize..40) {
        let (mut ours, mut theirs) =
            (Context::new(Suite::Aes128Sha1Tag32, &master()).unwrap(), Context::new(Suite::Aes128Sha1Tag32, &master()).unwrap());
        let first = sealed(&mut ours, &packet(1, &[7; 20]));
        proptest::prop_assert!(opened(&mut theirs, &first).is_some());
        let good = sealed(&mut ours, &packet(2, &[7; 20]));
        let mut bad = good.clone();
        let place = place % bad.len();
        bad[place] ^= byte;
        proptest::prop_assert_eq!(opened(&mut theirs, &bad), None);
        proptest::prop_assert_eq!(opened(&mut theirs, &good[..good.len().min(cut)]).is_some(), cut >= good.len());
        let mut rtcp = good.clone();
        proptest::prop_assert_eq!(theirs.open_rtcp(&mut rtcp), None);
        if cut < good.len() {
            proptest::prop_assert!(opened(&mut theirs, &good).is_some());
        }
    }
}
